#!/usr/bin/env python3
"""The questions of h2o's database benchmark (10 groupings, 5 joins) at 10 million rows, peers in turn.

    $python bench/h2o.py                   makes its data in build/data/h2o-1e+07 (Parquet) and runs 3 rounds
    $python bench/h2o.py --rows 1e6 --rounds 1 --questions 'g1 j3'

Each question is a process of its own, from start to exit, over the same Parquet files. What it gives is
reduced to counts and sums, as the benchmark itself checks answers.
"""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[0] = str(HERE / "peers")  # not this folder: `import csv` means Python's
import contest  # noqa: E402
from h2o import QUESTIONS, check_sql  # noqa: E402


def make(folder, rows):
    """groups: id1 to id3 texts, id4 to id6 numbers, of 100, 100 and rows / 100 kinds; the others: joins."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "made").exists():
        return
    many = rows // 100
    random = "(hash(i * 8 + {}) % {})::INT + 1"
    few, kinds = 100, many

    def column(seed, count):
        return random.format(seed, count)

    duckdb.execute(
        f"COPY (SELECT printf('id%03d', {column(1, few)}) AS id1, printf('id%03d', {column(2, few)}) AS id2, "
        f"printf('id%010d', {column(3, kinds)}) AS id3, {column(4, few)} AS id4, {column(5, few)} AS id5, "
        f"{column(6, kinds)} AS id6, {column(7, 5)} AS v1, {column(0, 15)} AS v2, "
        f"(hash(i * 8 + 9) % 100000000) / 1000000.0 AS v3 FROM range({rows}) t(i)) "
        f"TO '{folder}/groups.parquet' (FORMAT parquet)"
    )
    small, medium = max(rows // 1000000, 1), rows // 1000
    keys = "{0} AS id{1}, 'id' || {0} AS id{2}"
    duckdb.execute(
        f"COPY (SELECT {column(1, small * 2)} AS id1, {column(2, medium * 2)} AS id2, "
        f"(i * 7919 % {rows})::INT + 1 AS id3, 'id' || ({column(1, small * 2)}) AS id4, "
        f"'id' || ({column(2, medium * 2)}) AS id5, 'id' || (i * 7919 % {rows} + 1) AS id6, "
        f"(hash(i * 8 + 3) % 100000000) / 1000000.0 AS v1 FROM range({rows}) t(i)) "
        f"TO '{folder}/left.parquet' (FORMAT parquet)"
    )
    for name, count in (("small", small), ("medium", medium), ("big", rows)):
        place = {"small": 1, "medium": 2, "big": 3}[name]
        key = keys.format(
            "(i + 1)::INT" if name != "big" else f"(i * 2 % {rows * 2})::INT + 1", place, place + 3
        )
        others = ""
        if name != "small":
            others = f"{column(1, small * 2)} AS id1, 'id' || ({column(1, small * 2)}) AS id4, "
        if name == "big":
            others += f"{column(2, medium * 2)} AS id2, 'id' || ({column(2, medium * 2)}) AS id5, "
        duckdb.execute(
            f"COPY (SELECT {others}{key}, (hash(i * 8 + 4) % 100000000) / 1000000.0 AS v2 "
            f"FROM range({count}) t(i)) TO '{folder}/{name}.parquet' (FORMAT parquet)"
        )
    (folder / "made").touch()


def command(engine, weft, question, folder):
    if engine == "weft":
        text = check_sql(question, "weft", folder)
        return [weft, "sql", "-S", "--master", f"local[{contest.THREADS}]", "--format", "csv", "-e", text]
    return [sys.executable, str(HERE / "peers/h2o.py"), engine, question, str(folder)]


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--weft", default=str(HERE.parent / "build/release/weft"))
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--questions", default=" ".join(QUESTIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default="weft polars duckdb")
    options = parser.parse_args()
    folder = options.data or HERE.parent / f"build/data/h2o-{options.rows:g}"
    make(folder, int(options.rows))
    same = True
    for question in options.questions.split():
        contenders = [(e, command(e, options.weft, question, folder), None) for e in options.engines.split()]
        same &= contest.contest(f"{question}: {QUESTIONS[question]}", contenders, options.rounds)
    if not same:
        sys.exit("the answers differ")


if __name__ == "__main__":
    main()
