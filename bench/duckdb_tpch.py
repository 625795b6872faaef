#!/usr/bin/env python3
"""TPC-H in DuckDB: duckdb_tpch.py DATA QUERIES [SCALE] [THREADS]

Prints each answer as CSV between marker rows, and per query the line `Time taken: …` on stderr, as weft
does."""

import csv
import os
import sys
import time

import duckdb

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "support"))
from tpch import TABLES, query_text, table_glob  # noqa: E402


def main():
    data, queries = sys.argv[1], [int(number) for number in sys.argv[2].split(",")]
    scale = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(sys.argv[4]) if len(sys.argv) > 4 else 2}")
    connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")  # Spark's
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{table_glob(data, table)}')")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, query in enumerate(queries):
        start = time.monotonic()
        connection.execute(query_text(query, scale))
        rows = connection.fetchall()
        writer.writerow(column[0] for column in connection.description)
        writer.writerows(rows)
        sys.stdout.write(f"weft_test_marker\n{number}\n")
        seconds = time.monotonic() - start
        print(f"Time taken: {seconds:.3f} seconds, Fetched {len(rows)} row(s)", file=sys.stderr)


if __name__ == "__main__":
    main()
