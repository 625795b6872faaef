"""What DuckDB and Polars do in bench/csv_files.py: text.py ENGINE TASK PATH [OUT]. Each task
prints its rows, or writes OUT."""

import sys

LINEITEM = [
    ("l_orderkey", "BIGINT"),
    ("l_partkey", "BIGINT"),
    ("l_suppkey", "BIGINT"),
    ("l_linenumber", "INT"),
    ("l_quantity", "DOUBLE"),
    ("l_extendedprice", "DOUBLE"),
    ("l_discount", "DOUBLE"),
    ("l_tax", "DOUBLE"),
    ("l_returnflag", "STRING"),
    ("l_linestatus", "STRING"),
    ("l_shipdate", "DATE"),
    ("l_commitdate", "DATE"),
    ("l_receiptdate", "DATE"),
    ("l_shipinstruct", "STRING"),
    ("l_shipmode", "STRING"),
    ("l_comment", "STRING"),
]
ROWS = [("k", "BIGINT"), ("a", "INT"), ("s", "STRING"), ("v", "DOUBLE")]
WORDS = (
    "SELECT word, count(*) AS n FROM ({}) AS w WHERE word <> '' GROUP BY word ORDER BY n DESC, word LIMIT 20"
)
REVENUE = (
    "SELECT l_shipmode, count(*) AS n, sum(l_extendedprice * l_discount) AS revenue FROM {} "
    "WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' AND l_quantity < 24 "
    "GROUP BY l_shipmode ORDER BY l_shipmode"
)


def duckdb_main(task, path, out):
    import duckdb

    duckdb.execute("SET threads=2; SET enable_progress_bar=false")

    def columns(schema):
        types = {name: {"STRING": "VARCHAR"}.get(kind, kind) for name, kind in schema}
        return f"read_csv('{path}', header=true, columns={types})"

    if task == "words":
        plain = "header=false, delim='\\x01', quote='', escape='', columns={'line': 'VARCHAR'}"
        lines = f"read_csv('{path}', {plain})"
        text = WORDS.format(f"SELECT unnest(string_split(line, ' ')) AS word FROM {lines}")
    elif task == "sort":
        text = f"COPY (SELECT * FROM {columns(ROWS)} ORDER BY k) TO '{out}' (FORMAT parquet)"
    elif task == "convert":
        text = f"COPY (SELECT * FROM {columns(LINEITEM)}) TO '{out}' (FORMAT parquet)"
    else:
        text = REVENUE.format(columns(LINEITEM) if task == "filter-csv" else f"'{path}'")
    rows = duckdb.execute(text).fetchall()
    for row in rows if not out else []:
        print(*row, sep=",")


def polars_main(task, path, out):
    import datetime

    import polars as pl

    kinds = {"BIGINT": pl.Int64, "INT": pl.Int32, "DOUBLE": pl.Float64, "STRING": pl.String, "DATE": pl.Date}

    def columns(schema):
        return pl.scan_csv(path, schema={name: kinds[kind] for name, kind in schema})

    if task == "words":
        lines = pl.scan_csv(
            path, has_header=False, separator="\x01", quote_char=None, schema={"line": pl.String}
        )
        words = lines.select(pl.col("line").str.split(" ").explode().alias("word")).filter(
            pl.col("word") != ""
        )
        frame = (
            words.group_by("word")
            .agg(pl.len().alias("n"))
            .sort(["n", "word"], descending=[True, False])
            .head(20)
        )
    elif task == "sort":
        columns(ROWS).sort("k").sink_parquet(out, compression="snappy")
        return
    elif task == "convert":
        columns(LINEITEM).sink_parquet(out, compression="snappy")
        return
    else:
        table = columns(LINEITEM) if task == "filter-csv" else pl.scan_parquet(path)
        table = table.filter(
            (pl.col("l_shipdate") >= datetime.date(1994, 1, 1))
            & (pl.col("l_shipdate") < datetime.date(1995, 1, 1))
            & (pl.col("l_quantity") < 24)
        )
        revenue = (pl.col("l_extendedprice") * pl.col("l_discount")).cast(pl.Float64).sum()
        frame = (
            table.group_by("l_shipmode").agg(pl.len().alias("n"), revenue.alias("revenue")).sort("l_shipmode")
        )
    for row in frame.collect(engine="streaming").rows():
        print(*row, sep=",")


if __name__ == "__main__":
    main = duckdb_main if sys.argv[1] == "duckdb" else polars_main
    main(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
