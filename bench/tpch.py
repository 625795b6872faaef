#!/usr/bin/env python3
"""TPC-H side by side: weft, DuckDB and Polars on the same Parquet files, peers in turn.

    bench/tpch.py --data DIR [--weft build/release/weft] [--rounds 5] [--engines weft,duckdb,polars]

One process answers all queries; an outside clock takes it from start to exit, with the CPU seconds and
the peak resident set of the child beside it. Every engine has two threads. The answers of every run are
compared. A name like `weft:k=v,k=v` is weft with settings: a technique can be measured on and off in one
run."""

import argparse
import os
import platform
import re
import statistics
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "support"))
import weft_cli  # noqa: E402
from tpch import compare, generate, parse_queries, query_text, view_statements  # noqa: E402

TIMES = re.compile(r"^Time taken: ([0-9.]+) seconds", re.M)


class Engine:
    """One contender: the command line, and how its text is read."""

    def __init__(self, name, options, scratch):
        self.name, self.walls, self.cpus, self.peaks, self.times = name, [], [], [], []
        kind, _, settings = name.partition(":")
        self.decimals = {"weft": "spark", "duckdb": "mixed", "polars": "double"}.get(kind)
        self.environment = dict(os.environ, POLARS_MAX_THREADS=str(options.threads))
        queries = ",".join(map(str, options.queries))
        scale, threads = f"{options.scale:g}", str(options.threads)
        self.leading = 0
        if kind == "weft":
            views = view_statements(options.data)
            self.leading = len(views)
            path = os.path.join(scratch, re.sub(r"\W", "_", name) + ".sql")
            with open(path, "w", encoding="utf-8") as file:
                for view in views:
                    file.write(view + ";\n")
                for number, query in enumerate(options.queries):
                    marker = f"SELECT {number} AS {weft_cli.MARKER}"
                    file.write(f"{query_text(query, options.scale)};\n{marker};\n")
            self.command = [
                options.weft,
                "sql",
                "-f",
                path,
                "--master",
                f"local[{threads}]",
                "--format",
                "csv",
            ]
            self.command += ["--memory", options.memory] if options.memory else []
            for setting in filter(None, settings.split(",")):
                self.command += ["--conf", setting]
        elif kind == "duckdb":
            script = os.path.join(HERE, "duckdb_tpch.py")
            self.command = [sys.executable, script, options.data, queries, scale, threads]
        elif kind == "polars":
            script = os.path.join(HERE, "polars_tpch.py")
            self.command = [sys.executable, script, options.data, queries, settings or "streaming", scale]
        else:
            raise SystemExit(f"no engine '{kind}': weft, duckdb, polars")

    def run(self, queries):
        """One measured run; the answers as {query: rows of values}."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            cost = weft_cli.run_measured(self.command, out, err, environment=self.environment)
            out.seek(0)
            err.seek(0)
            text, errors = out.read().decode(), err.read().decode("utf-8", "replace")
        if cost.code != 0:
            raise SystemExit(f"{self.name} ended with {cost.code}: {errors[-2000:]}")
        self.walls.append(cost.wall_s)
        self.cpus.append(cost.cpu_s)
        self.peaks.append(cost.peak_bytes)
        times = [float(t) for t in TIMES.findall(errors)][self.leading :]
        if self.leading:
            times = times[0::2]  # the others are the markers'
        self.times.append(times)
        parts = weft_cli.split_rows(text)
        if len(parts) != len(queries):
            raise SystemExit(f"{self.name} answered {len(parts)} of {len(queries)} queries: {errors[-2000:]}")
        return {q: compare.from_text(rows[1:], q, self.decimals) for q, rows in zip(queries, parts)}

    def query_seconds(self, index):
        """The median time of one query, by the engine's own clock."""
        values = [times[index] for times in self.times if index < len(times)]
        return statistics.median(values) if values else float("nan")


def report(engines, queries, base):
    print(f"\n{'engine':<40}{'wall s':>8}{'min':>8}{'spread':>8}{'cpu s':>8}{'peak MB':>9}{'ratio':>8}")
    for engine in engines:
        wall, low = statistics.median(engine.walls), min(engine.walls)
        spread = (max(engine.walls) - low) / wall
        print(
            f"{engine.name:<40}{wall:>8.3f}{low:>8.3f}{spread:>8.0%}{statistics.median(engine.cpus):>8.2f}"
            f"{max(engine.peaks) / 1e6:>9.0f}{wall / base:>8.2f}"
        )
    print(f"\n{'seconds of a query':<20}" + "".join(f"{engine.name[:14]:>16}" for engine in engines))
    for index, query in enumerate(queries):
        print(f"q{query:<19}" + "".join(f"{engine.query_seconds(index):>16.3f}" for engine in engines))
    sums = [sum(engine.query_seconds(i) for i in range(len(queries))) for engine in engines]
    print(f"{'sum':<20}" + "".join(f"{value:>16.3f}" for value in sums))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder with <table>.parquet; default: made in build/data")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--weft", default=os.environ.get("WEFT", "build/release/weft"))
    parser.add_argument(
        "--engines", default="weft,duckdb,polars", help="parted by blanks or commas before a name"
    )
    parser.add_argument("--queries", default="all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="", help="weft's --memory")
    options = parser.parse_args()
    options.weft = os.path.abspath(options.weft)
    options.queries = parse_queries(options.queries)
    options.data = generate.find_or_generate(options.data, options.scale)

    # Names part at blanks, and at commas that come before an engine's name (settings have commas too).
    names = re.split(r"\s+|,(?=weft|duckdb|polars)", options.engines.strip())
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as scratch:
        engines = [Engine(name, options, scratch) for name in names]
        reference, wrong = None, 0
        by_trust = sorted(engines, key=lambda engine: not engine.name.startswith("duckdb"))
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, {options.rounds} rounds, {options.data}",
            flush=True,
        )
        for engine in by_trust:  # warms the page cache, gives the reference, and is not counted
            answers = engine.run(options.queries)
            reference = reference or answers
            for query in options.queries:
                problem = compare.difference(query, reference[query], answers[query])
                if problem:
                    wrong += 1
                    print(f"WRONG {engine.name} q{query}: {problem}")
            engine.walls, engine.cpus, engine.peaks, engine.times = [], [], [], []
        for number in range(options.rounds):
            shift = number % len(engines)
            for engine in engines[shift:] + engines[:shift]:
                answers = engine.run(options.queries)
                for query in options.queries:
                    wrong += compare.difference(query, reference[query], answers[query]) is not None
    peers = [e for e in engines if not e.name.startswith("weft")] or engines
    base = min(statistics.median(engine.walls) for engine in peers)
    report(engines, options.queries, base)
    print(f"\nratio is to the faster peer ({base:.3f} s); {wrong} wrong answers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
