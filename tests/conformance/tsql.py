"""Reads statements for SQL Server as sqlglot does, which others wrote. Standard input: a JSON list of {"what", "sql", "names", "texts"}:
the statement, names of tables and columns that must be in it and in quotes, and texts that must be in it as literals. Each must be
one statement that only reads, and one that may become a derived table, as the connector asks for its columns so: every column of
one has a name of its own (errors 8155 and 8156), and it is in order only where it has a TOP (error 1033). Prints what is wrong."""

import json
import sys

import sqlglot
from sqlglot import exp

# What a mapping may name without quotes: the words of ours that a statement of ours made (the members behind codes).
OURS = {"g"}


def wrong_with(case):
    try:
        statements = sqlglot.parse(case["sql"], read="tsql")
    except sqlglot.errors.SqlglotError as error:
        yield f"cannot be read: {error}"
        return
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        yield f"is not one SELECT but {[type(statement).__name__ for statement in statements]}"
        return
    tree = statements[0]
    for node in tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Drop, exp.Create, exp.Command, exp.Into, exp.Merge):
        yield f"writes: {type(node).__name__}"
    for select in tree.find_all(exp.Select):
        derived = isinstance(select.parent, exp.Subquery) and isinstance(select.parent.parent, (exp.From, exp.Join))
        if select is not tree and not derived:
            continue
        named = (exp.Alias, exp.Column)
        columns = [column.alias_or_name if isinstance(column, named) else "" for column in select.expressions if not column.is_star]
        if "" in columns or len({column.lower() for column in columns}) < len(columns):
            yield f"a column without a name of its own: {columns}"
        if select.args.get("order") and not select.args.get("limit"):
            yield "is in order without a TOP"
    quoted = set()
    for node in tree.find_all(exp.Table, exp.Column):
        parts = [part for key in ("this", "db", "catalog") if isinstance(part := node.args.get(key), exp.Identifier)]
        if isinstance(node, exp.Column):
            parts = [node.this] if isinstance(node.this, exp.Identifier) and node.table not in OURS and node.table != "q" else []
        schema = node.args.get("db")
        if isinstance(node, exp.Table) and schema is not None and schema.name.upper() == "INFORMATION_SCHEMA":
            continue
        for part in parts:
            if part.quoted:
                quoted.add(part.name)
            elif case["quoted"]:
                yield f"`{part.name}` is not in quotes"
    for name in case["names"]:
        if name not in quoted:
            yield f"the name `{name}` is not in it: {sorted(quoted)}"
    texts = {node.this for node in tree.find_all(exp.Literal) if node.is_string} | {node.this for node in tree.find_all(exp.National)}
    for text in case["texts"]:
        if text not in texts:
            yield f"the text {text!r} is not in it: {sorted(texts)}"


disagreements = 0
cases = json.load(sys.stdin)
for case in cases:
    for wrong in wrong_with(case):
        disagreements += 1
        print(f"{case['what']}: {wrong}\n{case['sql']}\n")
print(f"{len(cases)} statements, {disagreements} wrong")
sys.exit(1 if disagreements else 0)
