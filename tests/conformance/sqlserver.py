"""Runs statements on a SQL Server through python-tds, which others wrote. Standard input: {"host", "port", "login", "password",
"database", "authority", "statements"} as JSON; the authority's certificate is a file, or null for the clear on this very machine.
Prints the rows of every statement as JSON."""

import json
import sys

import pytds

question = json.load(sys.stdin)
connection = pytds.connect(
    dsn=question["host"],
    port=question["port"],
    user=question["login"],
    password=question["password"],
    database=question["database"],
    cafile=question["authority"],
    validate_host=question["authority"] is not None,
    autocommit=True,
)
answers = []
with connection, connection.cursor() as cursor:
    for statement in question["statements"]:
        if statement.strip():
            cursor.execute(statement)
            answers.append([list(row) for row in cursor.fetchall()] if cursor.description else [])
json.dump(answers, sys.stdout, default=str)
