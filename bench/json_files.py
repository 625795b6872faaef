#!/usr/bin/env python3
"""JSON lines inferred and grouped: weft, DuckDB and Polars in turn, from start to exit, answers compared.

    $python bench/json_files.py  makes build/data/json-685/events.json (685 MB) and runs 3 rounds
    $python bench/json_files.py --megabytes 100 --rounds 1 --engines 'weft duckdb'

The query names two of the columns and a field of a struct; nobody is told the schema.
"""

import argparse
import os
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT / "bench/peers")  # not this folder: `import json` means Python's
import json  # noqa: E402

import contest  # noqa: E402

SQL = (
    "SELECT event, count(*) AS n, sum(amount) AS amount, max(geo.lat) AS lat FROM {} "
    "GROUP BY event ORDER BY event"
)
EVENTS = ["view", "click", "cart", "order", "refund", "login", "logout", "search"]


def make(path, megabytes):
    """Lines of about 240 bytes: numbers, strings with and without escapes, a struct, an array, some nulls."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rand = random.Random(7)
    part = []
    for i in range(20000):
        row = {
            "id": i * 37,
            "ts": "2024-%02d-%02dT%02d:%02d:%02dZ" % (i % 12 + 1, i % 28 + 1, i % 24, i % 60, i % 59),
            "event": rand.choice(EVENTS),
            "user": "user-%d" % rand.randrange(1000000),
            "amount": rand.randrange(100000),
            "price": round(rand.random() * 100, 2),
            "geo": {"lat": round(rand.uniform(-90, 90), 5), "lon": round(rand.uniform(-180, 180), 5)},
            "tags": rand.sample(["new", "sale", "vip", "mobile", "eu"], rand.randrange(4)),
            "note": rand.choice([None, 'said "hi"', "caf\u00e9", "x" * rand.randrange(60)]),
        }
        part.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    block = ("\n".join(part) + "\n").encode()
    with open(path.with_suffix(".part"), "wb") as out:
        while out.tell() < megabytes * 1000000:
            out.write(block)
    os.replace(path.with_suffix(".part"), path)


def command(engine, weft, path):
    if engine == "weft":
        text = SQL.format(f"json.`{path}`")
        return [weft, "sql", "--master", f"local[{contest.THREADS}]", "--format", "csv", "-S", "-e", text]
    if engine == "duckdb":
        code = (
            "import duckdb,sys; duckdb.execute('SET threads=2; SET enable_progress_bar=false'); "
            "[print(*x, sep=',') for x in duckdb.execute(sys.argv[1]).fetchall()]"
        )
        table = f"read_json_auto('{path}', format='newline_delimited')"
        return [sys.executable, "-c", code, SQL.format(table)]
    code = (
        "import polars as pl,sys; d=pl.scan_ndjson(sys.argv[1]); "
        "r=d.group_by('event').agg(pl.len().alias('n'), pl.col('amount').sum(), "
        "pl.col('geo').struct.field('lat').max().alias('lat')).sort('event').collect(engine='streaming'); "
        "[print(*x, sep=',') for x in r.rows()]"
    )
    return [sys.executable, "-c", code, str(path)]


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--weft", default=str(ROOT / "build/release/weft"))
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--megabytes", type=int, default=685)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default="weft duckdb polars")
    args = parser.parse_args()
    path = args.data or ROOT / f"build/data/json-{args.megabytes}/events.json"
    if not path.exists():
        make(path, args.megabytes)
    contenders = [(engine, command(engine, args.weft, path), None) for engine in args.engines.split()]
    if not contest.contest("json", contenders, args.rounds):
        sys.exit("the answers differ")


if __name__ == "__main__":
    main()
