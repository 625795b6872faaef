#!/usr/bin/env python3
"""TPC-H answers of weft against DuckDB's on the same Parquet files.

    tpch.py --data DIR [--weft PATH] [--queries 1,5-9] [--memory 32m] [--conf k=v] [--expect-spill 9,18,21]

Runs all queries in one process and each in a process of its own. Rows come in the order that ORDER BY
decides; decimals are exact and have Spark's scale; where DuckDB gives a double, Spark's decimal must be its
rounding. With --memory, the resident set of each process stays within the limit and 100 MB. Exit code 1 when
anything differs."""

import argparse
import multiprocessing
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import weft_cli  # noqa: E402
from tpch import TABLES, compare, generate, parse_queries  # noqa: E402
from tpch import query_text, table_glob, view_statements  # noqa: E402

HEADROOM_BYTES = 100_000_000  # resident memory above --memory: code, libraries, fixed buffers
UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def peer_answers(data, queries, scale):
    """{query: (column names, rows)} of DuckDB, from a process of its own: a child's largest resident set
    begins with its parent's, and DuckDB takes more than weft may."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(ask_peer, (data, queries, scale))


def ask_peer(data, queries, scale):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")  # Spark's
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{table_glob(data, table)}')")
    answers = {}
    for query in queries:
        connection.execute(query_text(query, scale))
        answers[query] = [column[0] for column in connection.description], connection.fetchall()
    return answers


def check(query, peer, rows):
    """None when weft's rows (header first) are right, else what is wrong."""
    names, expected = peer
    if not rows:
        return "no header and no rows came"
    if rows[0] != names:
        return f"columns {names} expected, {rows[0]} came"
    try:
        actual = compare.from_text(rows[1:], query)
    except (ValueError, ArithmeticError) as error:
        return str(error)
    return compare.difference(query, expected, actual)


def check_memory(called, memory):
    if memory and called.cost.peak_bytes > memory + HEADROOM_BYTES:
        return f"resident set {called.cost.peak_bytes / 1e6:.0f} MB, limit {memory / 1e6:.0f} MB and 100 MB"
    return None


def parse_bytes(text):
    unit = UNITS.get(text[-1].lower(), 1)
    return int(float(text.rstrip("kKmMgG")) * unit)


def spilled_bytes(rows):
    """The largest number after the word 'spilled' in EXPLAIN ANALYZE."""
    text = "\n".join(field or "" for row in rows for field in row)
    return max((float(number) for number in re.findall(r"spilled\D{0,12}(\d+(?:\.\d+)?)", text)), default=0.0)


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, name, problem, seconds=None):
        self.failed += problem is not None
        took = f"  {seconds:.2f} s" if seconds is not None else ""
        print(
            f"{'PASS' if problem is None else 'FAIL'} {name}{took}"
            + (f"\n     {problem}" if problem else ""),
            flush=True,
        )


def run_one_process(options, arguments, views, peers, report):
    called = weft_cli.run_statements(
        options.weft,
        views + [query_text(q, options.scale) for q in peers],
        arguments,
        timeout=options.timeout,
    )
    answers = called.rows[len(views) :]
    for number, (query, peer) in enumerate(peers.items()):
        if number < len(answers):
            report.line(f"q{query:02} all in one process", check(query, peer, answers[number]))
        elif number == len(answers):
            report.line(f"q{query:02} all in one process", f"exit code {called.code}: {called.message}")
        else:
            report.line(f"q{query:02} all in one process", "not reached")
    problem = check_memory(called, options.memory_bytes)
    report.line(
        f"one process: {called.cost.cpu_s:.2f} s of CPU, {called.cost.peak_bytes / 1e6:.0f} MB resident",
        problem,
        called.cost.wall_s,
    )
    return called


def run_each(options, arguments, views, peers, report):
    for query, peer in peers.items():
        called = weft_cli.run_statements(
            options.weft, views + [query_text(query, options.scale)], arguments, timeout=options.timeout
        )
        answers = called.rows[len(views) :]
        if not answers:
            problem = f"exit code {called.code}: {called.message}"
        else:
            problem = check(query, peer, answers[0]) or check_memory(called, options.memory_bytes)
        report.line(f"q{query:02} in its own process", problem, called.cost.wall_s)


def run_spill(options, arguments, views, queries, report):
    for query in queries:
        statement = "EXPLAIN ANALYZE " + query_text(query, options.scale)
        called = weft_cli.run_statements(
            options.weft, views + [statement], arguments, timeout=options.timeout
        )
        answers = called.rows[len(views) :]
        spilled = spilled_bytes(answers[0]) if answers else 0.0
        report.line(
            f"q{query:02} spills", None if spilled > 0 else f"no spilled bytes; {called.message[-300:]}"
        )


def run_seeds(options, arguments, views, queries, report):
    """The first attempt of every task fails: the same rows, bit by bit, whatever the order of the tasks."""
    statements = views + [query_text(q, options.scale) for q in queries]
    plain = weft_cli.run_statements(options.weft, statements, arguments, timeout=options.timeout)
    for seed in range(options.seeds):
        extra = ["--conf", "weft.test.failFirstAttempt=true", "--conf", f"weft.test.seed={seed}"]
        retried = weft_cli.run_statements(
            options.weft, statements, arguments + extra, timeout=options.timeout
        )
        problem = None
        if retried.code != 0 or plain.code != 0:
            problem = f"exit codes {plain.code}, {retried.code}: {(retried.message or plain.message)[-300:]}"
        elif retried.rows != plain.rows:
            wrong = [
                q for q, a, b in zip(queries, plain.rows[len(views) :], retried.rows[len(views) :]) if a != b
            ]
            problem = f"other rows in {wrong}"
        ratio = retried.cost.wall_s / plain.cost.wall_s
        report.line(f"seed {seed}: every first attempt fails, {ratio:.2f} x the time", problem)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder with <table>.parquet; default: made in build/data")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--weft", default=os.environ.get("WEFT", "build/release/weft"))
    parser.add_argument("--queries", default="all")
    parser.add_argument("--mode", choices=("one", "each", "both"), default="both")
    parser.add_argument("--master", default="")
    parser.add_argument("--memory", default="")
    parser.add_argument("--conf", action="append", default=[], metavar="K=V")
    parser.add_argument(
        "--expect-spill", default="", metavar="QUERIES", help="EXPLAIN ANALYZE must show spilling"
    )
    parser.add_argument("--seeds", type=int, default=0, help="runs in which every first attempt fails")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds a process may take")
    options = parser.parse_args()
    options.weft = os.path.abspath(options.weft)
    options.memory_bytes = parse_bytes(options.memory) if options.memory else 0
    data = generate.find_or_generate(options.data, options.scale)

    arguments = []
    for name, value in (("--master", options.master), ("--memory", options.memory)):
        arguments += [name, value] if value else []
    for setting in options.conf:
        arguments += ["--conf", setting]
    queries = parse_queries(options.queries)
    start = time.monotonic()
    peers = peer_answers(data, queries, options.scale)
    print(f"DuckDB answered {len(queries)} queries on {data} in {time.monotonic() - start:.1f} s")
    views, report = view_statements(data), Report()
    if options.mode in ("one", "both"):
        run_one_process(options, arguments, views, peers, report)
    if options.mode in ("each", "both"):
        run_each(options, arguments, views, peers, report)
    if options.expect_spill:
        run_spill(options, arguments, views, parse_queries(options.expect_spill), report)
    if options.seeds:
        run_seeds(options, arguments, views, queries, report)
    print(f"tpch: {len(queries)} queries, {report.failed} failures")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
