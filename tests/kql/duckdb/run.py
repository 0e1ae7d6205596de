"""Runs queries with duckdb-kql.

Reads one JSON document: tables (columns, rows) and queries. Answers each query with a line: its columns and rows, or
why it was refused. Times are ISO texts with seven digits, dynamic cells are JSON.
"""

import datetime
import json
import math
import sys

import duckdb_kql

TYPES = {
    "long": "BIGINT",
    "int": "INTEGER",
    "real": "DOUBLE",
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "bool": "BOOLEAN",
    "dynamic": "JSON",
}


def cell(value, kind):
    if value is None:
        return None
    if kind == "JSON":
        return {"json": json.loads(value)}
    if isinstance(value, (list, dict)):
        return {"json": value}
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond:06}0Z"
    if isinstance(value, datetime.timedelta):
        return {"ticks": (value.days * 86400 + value.seconds) * 10_000_000 + value.microseconds * 10}
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        return str(value)
    if isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def main():
    work = json.load(sys.stdin)
    connection = duckdb_kql.connect()
    for name, table in work["tables"].items():
        columns = ", ".join(f'"{column}" {TYPES[kind]}' for column, kind in table["columns"])
        connection.execute(f'CREATE TABLE "{name}" ({columns})')
        marks = ", ".join("?" for _ in table["columns"])
        for row in table["rows"]:
            connection.execute(f'INSERT INTO "{name}" VALUES ({marks})', row)
    for query in work["queries"]:
        try:
            result = duckdb_kql.kql(connection, query)
            kinds = [str(kind) for kind in result.types]
            rows = [[cell(value, kind) for value, kind in zip(row, kinds)] for row in result.fetchall()]
            answer = {"columns": list(result.columns), "rows": rows}
        except Exception as error:  # whatever it is, it is this query's answer
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer))


main()
