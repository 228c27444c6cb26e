"""Judges blocks of PowerShell with tree-sitter's grammar of it, which others wrote.

Reads a JSON object of scripts by name, and writes for each: what is no PowerShell, the commands with their parameters, and the texts in
single quotes as PowerShell would read them. The grammar knows one single quote where PowerShell knows five
(about_quoting_rules), so a text in which one of the others stands alone is an error, too.
"""

import json
import re
import sys

import tree_sitter_powershell
from tree_sitter import Language, Parser

QUOTES = "'\u2018\u2019\u201a\u201b"
PARSER = Parser(Language(tree_sitter_powershell.language()))


def nodes(node):
    yield node
    for child in node.children:
        yield from nodes(child)


def judged(script):
    source = script.encode()
    errors, commands, texts = [], [], []
    for node in nodes(PARSER.parse(source).root_node):
        text = source[node.start_byte : node.end_byte].decode()
        if node.is_error or node.is_missing:
            errors.append(f"line {node.start_point[0] + 1}: {text[:60]!r}")
        elif node.type == "command":
            name = node.child_by_field_name("command_name")
            elements = [child for child in node.children if child.type == "command_elements"]
            parts = [part for element in elements for part in element.children if part.type == "command_parameter"]
            parameters = [source[part.start_byte : part.end_byte].decode().strip("-:") for part in parts]
            commands.append([source[name.start_byte : name.end_byte].decode(), parameters])
        elif node.type == "verbatim_string_characters":
            inner = text[1:-1]
            rest = re.sub(f"[{QUOTES}]{{2}}", "", inner)
            errors.extend(f"a quote alone in {text[:60]!r}" for _ in re.findall(f"[{QUOTES}]", rest))
            texts.append(re.sub(f"[{QUOTES}]([{QUOTES}])", r"\1", inner))
    return {"errors": errors, "commands": commands, "texts": texts}


json.dump({name: judged(script) for name, script in json.load(sys.stdin).items()}, sys.stdout)
