#!/usr/bin/env python3
"""Tables in buckets: random queries give the same rows by their buckets, with an exchange, and over tables
in none; files that do not belong into a bucket never give other rows."""

import os
import random
import shutil
import sys
import unittest

from cli_case import WEFT, CliCase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import weft_cli  # noqa: E402

SEED = int(os.environ.get("WEFT_BUCKETS_SEED", "1"))
SEEDS = 6  # from that one on
QUERIES = 40  # of a seed
OFF = "spark.sql.sources.bucketing.enabled=false"
BY_BUCKETS = (
    "spark.sql.autoBroadcastJoinThreshold=-1",
    "spark.sql.bucketing.coalesceBucketsInJoin.enabled=true",
)
# Settings under which the tasks of buckets must do what all tasks do.
MANNERS = (
    (),
    ("weft.test.hashZero=true",),
    ("weft.test.forceSpill=true",),
    ("weft.test.serialize=true", "weft.test.planWorkers=3"),
    ("weft.test.loseBlocks=true",),
    ("spark.sql.sources.bucketing.autoBucketedScan.enabled=false", "weft.sql.batchRows=3"),
)
# Values of the key columns, few and often equal.
KEYS = {
    "INT": lambda r: r.choice(["NULL", "0", "-1", "-2147483648", "2147483647"] + [str(r.randint(-9, 9))] * 6),
    "BIGINT": lambda r: r.choice(["NULL", "-9223372036854775808L", f"{r.randint(-5, 20)}L"]),
    "DECIMAL(10,2)": lambda r: r.choice(["NULL", f"{r.randint(-9, 9)}.{r.randint(0, 1)}0", "-99999999.99"]),
    "DECIMAL(30,3)": lambda r: r.choice(["NULL", f"{r.randint(-9, 9)}.{r.randint(0, 1)}", "1" * 27 + ".5"]),
    "STRING": lambda r: r.choice(["NULL", "''", f"'{r.choice('abcé')}'", f"'a long key, {r.randint(0, 5)}'"]),
    "DATE": lambda r: r.choice(["NULL", f"DATE'2024-01-0{r.randint(1, 9)}'", "DATE'1582-10-04'"]),
    "BOOLEAN": lambda r: r.choice(["NULL", "true", "false"]),
    "DOUBLE": lambda r: r.choice(["NULL", "0.0D", "-0.0D", "double('NaN')", f"{r.randint(-3, 3)}.5D"]),
}


class Tables:
    """Three tables in buckets (b0, b1, b2) and the same rows in none (p0, p1, p2)."""

    def __init__(self, seed):
        self.random = r = random.Random(seed)
        self.type = r.choice(list(KEYS))
        self.second = r.choice(["INT", "STRING"])
        self.by = r.choice([("k",), ("k",), ("k", "j")])
        self.counts = [4, r.choice([4, 8]), r.choice([2, 3, 4, 16])]
        self.statements = []
        for number, count in enumerate(self.counts):
            columns = f"(k {self.type}, j {self.second}, v BIGINT, q INT)"
            parts = r.choice(["", " PARTITIONED BY (q)"])
            sort = r.choice(["", " SORTED BY (v)"])
            buckets = f" CLUSTERED BY ({', '.join(self.by)}){sort} INTO {count} BUCKETS"
            self.statements.append(f"CREATE TABLE b{number} {columns} USING parquet{parts}{buckets}")
            self.statements.append(f"CREATE TABLE p{number} {columns} USING parquet")
            for _ in range(r.choice([0, 1, 2, 3])):
                self.write(number, r.choice([1, 3, 60, 300]))

    def write(self, number, rows):
        r = self.random
        values = ", ".join(
            f"({KEYS[self.type](r)}, {KEYS[self.second](r)}, {r.randint(-99, 99)}, {r.randint(0, 2)})"
            for _ in range(rows)
        )
        casts = f"CAST(a AS {self.type}), CAST(b AS {self.second}), CAST(c AS BIGINT), CAST(d AS INT)"
        for kind in "bp":
            self.statements.append(
                f"INSERT INTO {kind}{number} SELECT {casts} FROM VALUES {values} AS t(a, b, c, d)"
            )

    def table(self):
        """A table, or what leaves its rows where they are."""
        r = self.random
        name, by = f"@{r.randint(0, 2)}", ", ".join(self.by)
        return r.choice(
            [
                name,
                name,
                f"(SELECT * FROM {name} WHERE v > {r.randint(-99, 50)})",
                f"(SELECT j, k, v + 1 AS v, q FROM {name})",
                f"(SELECT k, j, max(v) AS v, min(q) AS q FROM {name} GROUP BY k, j)",
                f"(SELECT k, j, v, int(rank() OVER (PARTITION BY {by} ORDER BY v, q)) AS q FROM {name})",
            ]
        )

    def joined(self):
        r = self.random
        equal = " AND ".join(f"x.{c} {r.choice(['=', '=', '=', '<=>'])} y.{c}" for c in self.by)
        more = r.choice(["", "", " AND x.v < y.v", f" AND y.q = {r.randint(0, 2)}"])
        kind = r.choice(["", "", "LEFT ", "RIGHT ", "FULL ", "LEFT SEMI ", "LEFT ANTI "]) + "JOIN"
        side = r.choice(["x", "y"]) if "SEMI" not in kind and "ANTI" not in kind else "x"
        value = "x.v" if side == "x" else "coalesce(x.v, 0) + y.v"
        return (
            f"(SELECT {side}.k AS k, {side}.j AS j, {value} AS v, {side}.q AS q "
            f"FROM {self.table()} x {kind} {self.table()} y ON {equal}{more})"
        )

    def query(self):
        r = self.random
        rows = r.choice([self.table, self.joined, self.joined])()
        by = ", ".join(self.by)
        return r.choice(
            [
                f"SELECT * FROM {rows}",
                f"SELECT {by}, count(*), sum(v), max(q) FROM {rows} GROUP BY {by}",
                f"SELECT {by}, q, count(v) FROM {rows} GROUP BY {by}, q",
                f"SELECT k, count(*) FROM {rows} GROUP BY k",
                f"SELECT DISTINCT {by} FROM {rows}",
                f"SELECT {by}, count(DISTINCT v), avg(v) FROM {rows} GROUP BY {by}",
                f"SELECT {by}, v, sum(v) OVER (PARTITION BY {by}) FROM {rows}",
                f"SELECT /*+ COALESCE(2) */ * FROM {rows}",
                f"SELECT k, count(*) FROM {rows} GROUP BY ROLLUP (k)",
                f"SELECT z.v, y.n FROM {rows} z "
                f"JOIN (SELECT {by}, count(*) AS n FROM @0 GROUP BY {by}) y USING ({by})",
            ]
        )


class Buckets(CliCase):
    def rows(self, statements, kind, settings):
        arguments = ["-S", "--conf", f"spark.sql.warehouse.dir={self.path('w')}"]
        for setting in settings:
            arguments += ["--conf", setting]
        statements = [text.replace("@", kind) for text in statements]
        called = weft_cli.run_statements(WEFT, statements, arguments, None, 120)
        self.assertEqual((called.code, called.message), (0, ""), statements[len(called.rows) :][:1])
        return [sorted(map(repr, rows[1:])) for rows in called.rows]

    def test_equal_rows(self):
        for seed in range(SEED, SEED + SEEDS):
            tables = Tables(seed)
            self.rows(tables.statements, "b", ())
            queries = [tables.query() for _ in range(QUERIES)]
            expected = self.rows(queries, "p", ())
            for settings in ((OFF,), *(BY_BUCKETS + manner for manner in MANNERS)):
                for query, want, came in zip(queries, expected, self.rows(queries, "b", settings)):
                    self.assertEqual(came, want, f"WEFT_BUCKETS_SEED={seed} {settings} {query}")
            shutil.rmtree(self.path("w"))

    def test_join_by_buckets_or_shared(self):
        """Tasks of one process share a table while memory has room; buckets serve where they cannot."""
        table = "USING parquet CLUSTERED BY (k) INTO 4 BUCKETS"
        rows = "SELECT id AS k, id + 1 AS v FROM range(1000000)"
        self.rows([f"CREATE TABLE {name} {table} AS {rows}" for name in "st"], "b", ())
        warehouse = f"spark.sql.warehouse.dir={self.path('w')}"
        query = "SELECT count(*), sum(s.v + t.v) FROM s JOIN t ON s.k = t.k"
        for arguments, buckets in (
            ((), False),
            (("--memory", "64m"), True),
            (("--conf", "weft.test.planWorkers=3"), True),
            (("--conf", "spark.sql.autoBroadcastJoinThreshold=-1"), True),
            (("--conf", "spark.sql.autoBroadcastJoinThreshold=1g"), False),
        ):
            with self.subTest(arguments):
                asked = ("--conf", warehouse, *arguments, "-e", f"EXPLAIN {query}; {query}")
                run = self.run_weft("sql", "-S", "--format", "csv", *asked)
                self.assertEqual("Inner, BuildRight, Buckets: 4" in run.stdout, buckets, run.stdout)
                self.assertIn("1000000,1000001000000", run.stdout)


if __name__ == "__main__":
    unittest.main()
