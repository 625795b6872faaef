#!/usr/bin/env python3
"""Tasks are real: attempt 0 of every task fails after its last output, and nobody can tell from the rows.

retry.py --weft WEFT [--data DIR | --small DIR] [--seeds 20] [--queries 1-22]

Runs TPC-H and queries over doubles as they are and, for each seed, under weft.test.failFirstAttempt: the
seed orders the launches of tasks, plans and blocks pass through their serialised form, and every task is run
a second time. Compared are
  rows       bit-identical to the plain run, in the same order, doubles too;
  event log  each attempt 0 failed, each task was run again once and succeeded once: failures = re-runs;
             the splits of the tasks that succeeded add up to those of their stage, and where nothing was
             pruned to all rows of the table; those of all columns to the bytes in its files;
  time       of a seed against a plain run: printed, at most 2.5 times is wanted, not checked.

--small makes a data folder without network; --data names one (see tests/support/tpch/generate.py)."""

import argparse
import glob
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tpch, weft_cli  # noqa: E402
from support.tpch import small  # noqa: E402

FAIL = ("--conf", "weft.test.failFirstAttempt=true")

# Sums of doubles depend on the order of additions: they show that tasks merge in a fixed one.
DOUBLES = {
    "d1": """SELECT l_returnflag, l_shipmode, sum(cast(l_extendedprice AS double) / 3),
                    avg(cast(l_discount AS double)),
                    stddev_samp(cast(l_quantity AS double)), var_pop(cast(l_tax AS double))
             FROM lineitem GROUP BY l_returnflag, l_shipmode""",
    "d2": """SELECT sum(cast(l_extendedprice AS double) * exp(cast(l_tax AS double))) FROM lineitem""",
    "d3": """SELECT o_custkey, sum(cast(o_totalprice AS double) / 7) AS s, count(*) FROM orders
             GROUP BY o_custkey ORDER BY s DESC LIMIT 100""",
    "d4": """SELECT c_mktsegment, sum(cast(l_extendedprice AS double) / 3) FROM customer, orders, lineitem
             WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey GROUP BY c_mktsegment""",
    "d5": """SELECT l_suppkey, sum(cast(l_quantity AS double) / 3)
                    OVER (PARTITION BY l_suppkey ORDER BY l_orderkey, l_linenumber) AS running
             FROM lineitem WHERE l_suppkey < 20""",
}


def inputs_query(data, table, columns):
    """A scan of all columns that leaves out nothing: no row is NULL everywhere, but no statistics tell."""
    return f"SELECT count(*) FROM {table} WHERE " + " OR ".join(f"{c} IS NOT NULL" for c in columns)


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


class Run:
    """One process that runs all queries."""

    def __init__(self, options, queries, seed, scratch):
        self.seed = seed
        log = os.path.join(scratch, f"events.{seed}")
        arguments = ["-S", "--master", options.master, "--conf", f"weft.eventLog.path={log}"]
        arguments += ["--conf", f"weft.test.seed={seed}", *FAIL] if seed else []
        views = tpch.view_statements(options.data)
        called = weft_cli.run_statements(options.weft, views + list(queries.values()), arguments)
        self.cost = called.cost
        self.replay = " ".join([options.weft, "sql", *arguments])
        check(called.code == 0, f"{self.replay}\nended with {called.code}: {called.message}")
        self.rows = dict(zip(queries, called.rows[len(views) :]))
        with open(log, encoding="utf-8") as file:
            self.events = [json.loads(line) for line in file]
        os.remove(log)


def compare_rows(plain, run):
    for name, rows in plain.rows.items():
        again = run.rows[name]
        if rows == again:
            continue
        kind = "the order of rows" if sorted(map(repr, rows)) == sorted(map(repr, again)) else "rows"
        differ = [pair for pair in zip(rows, again) if pair[0] != pair[1]][:3]
        raise Failed(f"{run.replay}\n{name}: {kind} of {len(rows)} and {len(again)}: {differ}")


def by_event(run, kind):
    return [event for event in run.events if event["Event"] == f"SparkListener{kind}"]


def check_attempts(run, tasks):
    """Attempt 0 of each task failed by the setting, attempt 1 succeeded; failures and re-runs are as many."""
    ends = {}
    for event in by_event(run, "TaskEnd"):
        info = event["Task Info"]
        key = (event["Job ID"], event["Stage ID"], info["Index"])
        ends.setdefault(key, []).append((info["Attempt"], event["Task End Reason"]["Reason"]))
    want = [(0, "INJECTED_FAULT"), (1, "Success")] if run.seed else [(0, "Success")]
    for key, attempts in ends.items():
        check(sorted(attempts) == want, f"{run.replay}\njob, stage, task {key}: attempts {attempts}")
    check(tasks in (None, len(ends)), f"{run.replay}\n{len(ends)} tasks ran, not {tasks}")
    failures = sum(event["Stage Info"]["Failures"] for event in by_event(run, "StageCompleted"))
    totals = {"Launched": 0, "Done": 0, "Failed": 0, "Rerun": 0, "Late": 0}
    for event in by_event(run, "JobEnd"):
        check(event["Job Result"]["Result"] == "JobSucceeded", f"{run.replay}\n{event}")
        for key in totals:
            totals[key] += event["Tasks"][key]
    check(
        totals["Failed"] == totals["Rerun"] == failures == (len(ends) if run.seed else 0)
        and totals["Done"] == len(ends)
        and totals["Launched"] == totals["Done"] + totals["Failed"]
        and totals["Late"] == 0,
        f"{run.replay}\n{len(ends)} tasks, {failures} failures of stages, of jobs {totals}",
    )
    return len(ends), failures


def check_inputs(run):
    """What tasks were given adds up to what their stage was given, and that to the tables."""
    done = {}
    for event in by_event(run, "TaskEnd"):
        if event["Task Info"]["Failed"]:
            continue
        metrics = event["Task Metrics"]["Input Metrics"]
        sums = done.setdefault((event["Job ID"], event["Stage ID"]), [0, 0, 0])
        for i, key in enumerate(("Split Rows", "Split Bytes", "Records Read")):
            sums[i] += metrics[key]
    whole = 0
    for event in by_event(run, "StageSubmitted"):
        info = event["Stage Info"]
        rows, bytes_, read = done[(event["Job ID"], info["Stage ID"])]
        what = f"{run.replay}\n{event}: tasks {rows} rows, {bytes_} bytes, {read} read"
        check((rows, bytes_) == (info["Split Rows"], info["Split Bytes"]), what)
        check(read <= rows <= info["Table Rows"] or info["Table Rows"] == 0, what)
        if info["Filters"] == 0 and info["Table Rows"] > 0:
            check(rows == read == info["Table Rows"], what)
            whole += 1
    check(whole > 0, f"{run.replay}\nno scan read a whole table")


def table_bytes(path):
    """Bytes of all column chunks, by pyarrow; else bounds for them from the sizes of files and footers."""
    files = glob.glob(os.path.join(path, "*.parquet")) if os.path.isdir(path) else [path]
    try:
        import pyarrow.parquet as pq
    except ImportError:
        size = sum(map(os.path.getsize, files))
        footers = 0
        for name in files:
            with open(name, "rb") as file:
                file.seek(-8, os.SEEK_END)
                footers += int.from_bytes(file.read(4), "little") + 12
        return (size - footers) * 0.9 - 4096 * len(files), size - footers  # page indexes lie between
    total = 0
    for name in files:
        meta = pq.ParquetFile(name).metadata
        for group in range(meta.num_row_groups):
            of_group = meta.row_group(group)
            total += sum(of_group.column(c).total_compressed_size for c in range(of_group.num_columns))
    return total, total


def check_table_bytes(options, plain, queries):
    """The jobs of the queries that read whole tables come last, in the order of the tables."""
    submitted = {}
    for event in by_event(plain, "StageSubmitted"):
        submitted.setdefault(event["Job ID"], []).append(event["Stage Info"])
    jobs = sorted(submitted)
    marked = len(queries) * 2  # every statement is followed by a marker query, which is a job too
    jobs = jobs[-marked:]
    for number, name in enumerate(queries):
        if not name.startswith("all "):
            continue
        table = name.removeprefix("all ")
        info = submitted[jobs[2 * number]][0]
        low, high = table_bytes(os.path.join(options.data, f"{table}.parquet"))
        check(
            low <= info["Split Bytes"] <= high and info["Split Rows"] == info["Table Rows"],
            f"{table}: splits of {info['Split Bytes']} bytes, columns of {low} to {high}: {info}",
        )


def table_columns(options):
    """The column names of each table."""
    views = tpch.view_statements(options.data)
    selects = [f"SELECT * FROM {table} LIMIT 1" for table in tpch.TABLES]
    called = weft_cli.run_statements(options.weft, views + selects)
    check(called.code == 0, called.message)
    return {table: rows[0] for table, rows in zip(tpch.TABLES, called.rows[len(views) :])}


def collect_queries(options):
    queries = {f"q{q}": tpch.query_text(q, options.scale) for q in tpch.parse_queries(options.queries)}
    queries |= DOUBLES
    for table, columns in table_columns(options).items():
        queries[f"all {table}"] = inputs_query(options.data, table, columns)
    return queries


def run_all(options):
    queries = collect_queries(options)
    plain = tasks = None
    costs = {"plain": [], "seeds": []}
    with tempfile.TemporaryDirectory(prefix="weft-retry-") as scratch:
        for number in range(options.seeds):
            if number % 4 == 0:  # again now and then, so that a busy machine is as busy for both
                plain = Run(options, queries, 0, scratch)
                tasks, _ = check_attempts(plain, tasks)
                check_inputs(plain)
                check_table_bytes(options, plain, queries)
                costs["plain"].append(plain.cost)
            run = Run(options, queries, options.first_seed + number, scratch)
            _, failures = check_attempts(run, tasks)
            check_inputs(run)
            compare_rows(plain, run)
            costs["seeds"].append(run.cost)
            if options.verbose:
                print(f"seed {run.seed}: {failures} failures and re-runs, {run.cost.wall_s:.2f} s")
    wall = {kind: sum(cost.wall_s for cost in of_kind) / len(of_kind) for kind, of_kind in costs.items()}
    cpu = {kind: sum(cost.cpu_s for cost in of_kind) / len(of_kind) for kind, of_kind in costs.items()}
    print(
        f"retry: {options.seeds} seeds, {len(queries)} queries, {tasks} tasks each: rows identical, "
        f"failures = re-runs; "
        f"{wall['seeds']:.2f} s to {wall['plain']:.2f} s plain ({wall['seeds'] / wall['plain']:.2f} x), "
        f"CPU {cpu['seeds']:.2f} s to {cpu['plain']:.2f} s ({cpu['seeds'] / cpu['plain']:.2f} x)"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weft", default="build/release/weft")
    parser.add_argument("--data", help="a data folder")
    parser.add_argument("--small", help="a folder for small data, made when it is not there")
    parser.add_argument("--scale", type=float, default=1, help="of the data folder, for query 11")
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--queries", default="all")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.weft = os.path.abspath(options.weft)
    try:
        if options.small:
            small.generate(options.weft, options.small)
            options.data, options.scale = options.small, 0.02
        if not options.data:
            parser.error("one of --data and --small is needed")
        run_all(options)
    except Failed as error:
        print(f"FAILED {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
