"""Reads the statements that the connector to SQL Server sends of its own accord, as sqlglot does, which others wrote. Arguments: the
statements. Each must be one SELECT."""

import sys

import sqlglot
from sqlglot import exp

for statement in sys.argv[1:]:
    trees = sqlglot.parse(statement, read="tsql")
    if len(trees) != 1 or not isinstance(trees[0], exp.Select) or trees[0].find(exp.Into):
        sys.exit(f"this is not one SELECT: {statement}")
print(f"{len(sys.argv) - 1} statements read")
