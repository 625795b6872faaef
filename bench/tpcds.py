#!/usr/bin/env python3
"""Decision-support queries of TPC-DS's shape: weft and DuckDB in turn, from start to exit, answers compared.

    python=$(scripts/venv duckdb-extension-tpcds)
    $python bench/tpcds.py                        makes build/data/tpcds-1 (Parquet) and runs those below once
    $python bench/tpcds.py --queries 'q4 q11 q78' --rounds 3

Data and texts are those of DuckDB's extension.
"""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[0] = str(HERE / "peers")  # not this folder: `import csv` means Python's
import contest  # noqa: E402

# rollups (q5, q22, q36, q67), windows and a CTE joined with itself (q47, q57), unions under a join (q2, q5);
# averages of decimals (q18, q27) are doubles in DuckDB, so those answers differ in their last digits
QUERIES = "q2 q5 q22 q36 q47 q57 q67"


def connect():
    import duckdb
    import duckdb_extension_tpcds

    folder = pathlib.Path(duckdb_extension_tpcds.__file__).parent
    base = duckdb.connect()
    base.execute(f"INSTALL '{next(folder.rglob('tpcds.duckdb_extension'))}'")
    base.execute("LOAD tpcds")
    return base


def make(folder, scale):
    if (folder / "made").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    base = connect()
    base.execute(f"CALL dsdgen(sf={scale})")
    names = base.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'")
    for (name,) in names.fetchall():
        base.execute(f"COPY {name} TO '{folder}/{name}.parquet' (FORMAT parquet)")
    for number, text in base.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall():
        (folder / f"q{number}.sql").write_text(text)
    (folder / "made").touch()


def weft_command(weft, folder, text):
    views = "".join(
        f"CREATE TEMPORARY VIEW {path.stem} USING parquet OPTIONS (path '{path}');"
        for path in sorted(folder.glob("*.parquet"))
    )
    master = f"local[{contest.THREADS}]"
    names = text.replace('"', "`")  # Spark's quotes of names
    return [weft, "sql", "-S", "--master", master, "--format", "csv", "-e", views + names]


def duckdb_command(folder, text):
    code = (
        "import csv,duckdb,pathlib,sys; base=duckdb.connect(); "
        f"base.execute('SET threads={contest.THREADS}; SET enable_progress_bar=false'); "
        "[base.execute(f\"CREATE VIEW {p.stem} AS FROM '{p}'\") "
        "for p in pathlib.Path(sys.argv[1]).glob('*.parquet')]; "
        "csv.writer(sys.stdout).writerows(base.execute(sys.argv[2]).fetchall())"
    )
    return [sys.executable, "-c", code, str(folder), text]


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--weft", default=str(HERE.parent / "build/release/weft"))
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--queries", default=QUERIES)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    folder = options.data or HERE.parent / f"build/data/tpcds-{options.scale:g}"
    make(folder, options.scale)
    same = True
    for query in options.queries.split():
        text = (folder / f"{query}.sql").read_text()
        contenders = [
            ("weft", weft_command(options.weft, folder, text), None),
            ("duckdb", duckdb_command(folder, text), None),
        ]
        same &= contest.contest(query, contenders, options.rounds)
    if not same:
        sys.exit("the answers differ")


if __name__ == "__main__":
    main()
