"""The questions of bench/h2o.py, and what DuckDB and Polars do with them: h2o.py ENGINE QUESTION FOLDER."""

import sys

GROUPS = {  # keys, and what is asked of each group
    "g1": ("id1", "sum(v1) AS v1"),
    "g2": ("id1, id2", "sum(v1) AS v1"),
    "g3": ("id3", "sum(v1) AS v1, avg(v3) AS v3"),
    "g4": ("id4", "avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3"),
    "g5": ("id6", "sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3"),
    "g6": ("id4, id5", "median(v3) AS m, stddev(v3) AS s"),
    "g7": ("id3", "max(v1) - min(v2) AS r"),
    "g9": ("id2, id4", "power(corr(v1, v2), 2) AS r2"),
    "g10": ("id1, id2, id3, id4, id5, id6", "sum(v3) AS v3, count(*) AS c"),
}
JOINS = {  # the right table, the kind, the condition
    "j1": ("small", "JOIN", "id1"),
    "j2": ("medium", "JOIN", "id2"),
    "j3": ("medium", "LEFT JOIN", "id2"),
    "j4": ("medium", "JOIN", "id5"),
    "j5": ("big", "JOIN", "id3"),
}
QUESTIONS = {name: f"{what} by {keys}" for name, (keys, what) in GROUPS.items()}
QUESTIONS["g8"] = "the two largest v3 of each id6"
QUESTIONS.update({name: f"{kind} {right} on {key}" for name, (right, kind, key) in JOINS.items()})


def rows_sql(question, table):
    if question == "g8":
        number = "row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS n"
        ranked = f"SELECT id6, v3, {number} FROM {table('groups')}"
        return f"SELECT id6, v3 FROM ({ranked}) AS t WHERE n <= 2"
    if question in GROUPS:
        keys, what = GROUPS[question]
        return f"SELECT {keys}, {what} FROM {table('groups')} GROUP BY {keys}"
    right, kind, key = JOINS[question]
    return f"SELECT x.*, y.v2 FROM {table('left')} AS x {kind} {table(right)} AS y ON x.{key} = y.{key}"


def check_sql(question, engine, folder):
    """One row: how many there are, and sums over what was asked."""

    def table(name):
        path = f"{folder}/{name}.parquet"
        return f"parquet.`{path}`" if engine == "weft" else f"'{path}'"

    if question in JOINS:
        sums = ["v1", "v2"]
    elif question == "g8":
        sums = ["v3"]
    else:
        sums = [part.rsplit(" AS ", 1)[1] for part in GROUPS[question][1].split(", ") if " AS " in part]
    picked = ", ".join(f"sum({name}) AS {name}" for name in sums)
    return f"SELECT count(*) AS n, {picked} FROM ({rows_sql(question, table)}) AS answer"


def polars_frame(question, pl, table):
    if question == "g8":
        return table("groups").select("id6", "v3").group_by("id6").agg(pl.col("v3").top_k(2)).explode("v3")
    if question in JOINS:
        right, kind, key = JOINS[question]
        how = "left" if kind.startswith("LEFT") else "inner"
        return table("left").join(table(right).select(key, "v2"), on=key, how=how).select("id1", "v1", "v2")
    col = pl.col
    asked = {
        "g1": [col("v1").sum()],
        "g2": [col("v1").sum()],
        "g3": [col("v1").sum(), col("v3").mean()],
        "g4": [col("v1").mean(), col("v2").mean(), col("v3").mean()],
        "g5": [col("v1").sum(), col("v2").sum(), col("v3").sum()],
        "g6": [col("v3").median().alias("m"), col("v3").std().alias("s")],
        "g7": [(col("v1").max() - col("v2").min()).alias("r")],
        "g9": [pl.corr("v1", "v2").pow(2).alias("r2")],
        "g10": [col("v3").sum(), pl.len().alias("c")],
    }[question]
    return table("groups").group_by(GROUPS[question][0].split(", ")).agg(asked)


def main(engine, question, folder):
    if engine == "duckdb":
        import duckdb

        duckdb.execute("SET threads=2; SET enable_progress_bar=false")
        rows = duckdb.execute(check_sql(question, engine, folder)).fetchall()
    else:
        import polars as pl

        frame = polars_frame(question, pl, lambda name: pl.scan_parquet(f"{folder}/{name}.parquet"))
        names = [n for n in frame.collect_schema().names() if not n.startswith("id")]
        sums = frame.select(pl.len().alias("n"), *[pl.col(n).sum().alias(f"sum_{n}") for n in names])
        rows = sums.collect(engine="streaming").rows()
    for row in rows:
        print(*row, sep=",")


if __name__ == "__main__":
    main(*sys.argv[1:4])
