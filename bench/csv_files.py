#!/usr/bin/env python3
"""Text files: weft, DuckDB and Polars in turn, from start to exit, answers compared.

    $python bench/csv_files.py makes its data in build/data/text-1 and runs all tasks, 3 rounds
    $python bench/csv_files.py --tasks words,sort --rounds 1 --part 0.1

Tasks: words (1 GB of text, words counted), sort (20 million rows of CSV into a Parquet table, sorted),
convert (lineitem of TPC-H at scale 1, CSV into Parquet), filter-csv and filter-parquet (one question to both
of them). All engines are told the columns.
"""

import argparse
import os
import pathlib
import random
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[0] = str(HERE / "peers")  # not this folder: `import csv` means Python's
import contest  # noqa: E402
from text import LINEITEM, REVENUE, ROWS, WORDS  # noqa: E402

TASKS = ["words", "sort", "convert", "filter-csv", "filter-parquet"]


def make_words(path, part):
    """Lines of words of which few are frequent."""
    rand = random.Random(5)
    letters = "etaoinshrdlucmfwygpbvkxqjz"
    words = ["".join(rand.choice(letters) for _ in range(rand.randrange(2, 12))) for _ in range(100000)]
    block = []
    for _ in range(200000):
        count = rand.randrange(4, 18)
        block.append(" ".join(words[int(rand.paretovariate(0.7)) % len(words)] for _ in range(count)))
    data = ("\n".join(block) + "\n").encode()
    with open(path, "wb") as out:
        while out.tell() < 1e9 * part:
            out.write(data)


def make_rows(path, part):
    import duckdb

    rows = int(20e6 * part)
    duckdb.execute(
        "COPY (SELECT (i * 7919 + 12345) % 1000003 * 110351 % 1000000007 * 4 + i % 3 AS k, "
        "(i % 100000)::INT AS a, 'name ' || (i * 31 % 1000003) AS s, (i % 9973) / 4.0 AS v "
        f"FROM range({rows}) t(i)) TO '{path}' (HEADER)"
    )


def make_lineitem(path, parquet, tpch, part):
    import duckdb

    sys.path.append(str(HERE.parent / "tests" / "support"))
    from tpch import generate

    source = pathlib.Path(generate.find_or_generate(tpch, 1)) / "lineitem.parquet"
    limit = "" if part == 1 else f"LIMIT {int(6e6 * part)}"
    doubles = ", ".join(f"{name}::{kind} AS {name}" if kind == "DOUBLE" else name for name, kind in LINEITEM)
    duckdb.execute(f"COPY (SELECT {doubles} FROM '{source}' {limit}) TO '{path}' (FORMAT csv, HEADER)")
    duckdb.execute(f"COPY (SELECT {doubles} FROM '{source}' {limit}) TO '{parquet}' (FORMAT parquet)")


def make_data(folder, tpch, part):
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "made"
    if made.exists():
        return
    make_words(folder / "words.txt", part)
    make_rows(folder / "rows.csv", part)
    make_lineitem(folder / "lineitem.csv", folder / "lineitem.parquet", tpch, part)
    made.touch()


def weft_text(task, path, out):
    def view(schema):
        columns = ", ".join(f"{name} {kind}" for name, kind in schema)
        return f"CREATE TEMPORARY VIEW t ({columns}) USING csv OPTIONS (path '{path}', header 'true');"

    if task == "words":
        lines = f"SELECT explode(split(value, ' ')) AS word FROM text.`{path}`"
        return WORDS.format(lines)
    if task == "sort":
        return view(ROWS) + f"INSERT OVERWRITE DIRECTORY '{out}' USING parquet SELECT * FROM t ORDER BY k"
    if task == "convert":
        return view(LINEITEM) + f"INSERT OVERWRITE DIRECTORY '{out}' USING parquet SELECT * FROM t"
    if task == "filter-csv":
        return view(LINEITEM) + REVENUE.format("t")
    return REVENUE.format(f"parquet.`{path}`")


def written(task, out):
    """What stands in the files: sums, and for a sort whether rows are in order, file after file."""
    import duckdb

    files = sorted(str(p) for p in pathlib.Path(out).rglob("*.parquet")) if os.path.isdir(out) else [str(out)]
    if task == "convert":
        return duckdb.execute(
            "SELECT count(*), sum(l_orderkey), sum(l_extendedprice), sum(length(l_comment)), "
            f"max(l_shipdate), sum(hash(l_shipmode) % 1000) FROM read_parquet({files})"
        ).fetchone()
    sums = duckdb.execute(
        "SELECT count(*), sum(k), sum(k * (a + 1) % 1000003), sum(v), sum(length(s)) "
        f"FROM read_parquet({files})"
    ).fetchone()
    wrong, last = 0, None
    for file in files:
        odd, low, high = duckdb.execute(
            "SELECT count(*) FILTER (k < before), min(k), max(k) FROM (SELECT k, "
            "lag(k) OVER (ORDER BY file_row_number) AS before "
            f"FROM read_parquet('{file}', file_row_number=true))"
        ).fetchone()
        wrong += odd + (last is not None and low < last)
        last = high
    return (*sums, wrong)


def contenders(options, task, path, folder):
    found = []
    for engine in options.engines.split():
        out = folder / f"out-{engine}" if task in ("sort", "convert") else None
        if engine == "weft":
            text = weft_text(task, path, out)
            command = [
                options.weft,
                "sql",
                "-S",
                "--master",
                f"local[{contest.THREADS}]",
                "--format",
                "csv",
                "-e",
                text,
            ]
        else:
            target = [f"{out}.parquet"] if out else []
            command = [sys.executable, str(HERE / "peers/text.py"), engine, task, str(path), *target]
            out = target[0] if target else None
        answer = None
        if out:
            answer = lambda at=out: ",".join(map(str, written(task, at)))  # noqa: E731
        found.append((engine, command, answer))
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weft", default=str(HERE.parent / "build/release/weft"))
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--tpch", help="folder of TPC-H at scale 1; default: made in build/data")
    parser.add_argument("--part", type=float, default=1, help="of the sizes above")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default="weft polars duckdb")
    options = parser.parse_args()
    folder = options.data or HERE.parent / f"build/data/text-{options.part:g}"
    make_data(folder, options.tpch, options.part)
    names = {"words": "words.txt", "sort": "rows.csv", "filter-parquet": "lineitem.parquet"}
    same = True
    for task in options.tasks.split(","):
        path = folder / names.get(task, "lineitem.csv")
        same &= contest.contest(task, contenders(options, task, path, folder), options.rounds)
    for left in folder.glob("out-*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    if not same:
        sys.exit("the answers differ")


if __name__ == "__main__":
    main()
