#!/usr/bin/env python3
"""SQL means the same wherever it runs: scripts of tests/sql and writes of all kinds, on a cluster."""

import os
import re
import subprocess
import sys

from cluster import WEFT, weft_cli
from cluster_case import ROOT, ClusterCase, in_background, until, unittest

RUN = os.path.join(ROOT, "tests", "sql", "run.py")
# TIME, VARIANT, intervals, nested values, scripts, sources, writes.
SCRIPTS = (
    "functions/time_type.test", "functions/time_functions.test", "functions/variant.test",
    "functions/variant_types.test", "functions/interval_fields.test", "functions/lambda.test", "dialect",
    "nested", "read", "write", "analytics",
)  # fmt: skip
SALES = (  # OR REPLACE: settings come before it
    "CREATE OR REPLACE TEMPORARY VIEW sales AS SELECT id, id % 4 AS shop, cast(id % 3 AS string) AS kind, "
    "timestamp_seconds(id * 40000) AS at, make_time(cast(id % 24 AS int), 0, id % 60) AS clock, "
    "parse_json(concat('{\"n\":', id, '}')) AS doc, make_dt_interval(cast(id AS int)) AS span, "
    "array(named_struct('a', id, 'm', map('k', id * 1.5))) AS parts FROM range(0, 4000, 1, 8)"
)
BY_SHOP = "SELECT shop, count(*) AS n, min(id) AS lo, max(id) AS hi FROM parted GROUP BY shop ORDER BY shop"
TIME = {"spark.sql.timeType.enabled": "true"}


def layout(folder):
    """{folder below: how many files} of what a write left, its marks of success aside."""
    found = {}
    for path, _, names in os.walk(folder):
        names = [name for name in names if not name.startswith(("_", "."))]
        if names:
            found[os.path.relpath(path, folder)] = len(names)
    return found


class Scripts(ClusterCase):
    def test_scripts_of_sql(self):
        """Every record gives on three workers what it gives in one process."""
        cluster = self.start(workers=3)
        command = [sys.executable, RUN, "--weft", WEFT, "--master", cluster.url, "--jobs", "2", *SCRIPTS]
        done = subprocess.run(command, capture_output=True, text=True, timeout=540)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-2000:])
        told = re.search(r"sql: (\d+) records, 0 failed", done.stdout)
        self.assertGreater(int(told.group(1)), 500)


class Writes(ClusterCase):
    """Tables that a cluster writes hold what those of one process do, in the same folders."""

    def both(self, statements, queries):
        """Statements, then queries, on a cluster and in one process: ((rows, warehouse) of each)."""
        self.cluster = self.start(workers=2)
        found = []
        for name, run in (("cluster", self.cluster.sql), ("alone", self.run_alone)):
            warehouse = os.path.join(self.folder(), name)
            conf = {**TIME, "weft.sql.warehouse.dir": warehouse}
            called = self.good(run([SALES, *statements, *queries], conf))
            found.append((called.rows[-len(queries) :], warehouse))
        return found

    def run_alone(self, statements, conf):
        words = ["--master", "local[2]"]
        for key, value in conf.items():
            words += ["--conf", f"{key}={value}"]
        return weft_cli.run_statements(WEFT, statements, words, timeout=120)

    def check_equal(self, found, table):
        (rows, warehouse), (expected, alone) = found
        self.assertEqual(rows, expected)
        self.assertGreater(len(rows[0]), 1)
        self.assertEqual(set(layout(os.path.join(warehouse, table))), set(layout(os.path.join(alone, table))))

    def test_every_type_comes_back(self):
        """TIME, VARIANT, intervals and nested values through exchanges, files and back."""
        table = "CREATE TABLE kept USING parquet AS SELECT * EXCEPT (doc) FROM sales"
        variant = "CREATE TABLE documents USING parquet AS SELECT id, doc FROM sales"
        queries = [
            "SELECT clock, count(*) AS n, max(span) AS most, min(parts[0].a) AS a FROM kept GROUP BY clock "
            "ORDER BY clock LIMIT 50",
            "SELECT doc:n::int % 7 AS k, count(*) AS n, sum(doc:n::int) AS s FROM documents GROUP BY 1 "
            "ORDER BY 1",
            "SELECT p.a, p.m['k'] AS k, at FROM kept LATERAL VIEW explode(parts) x AS p ORDER BY p.a "
            "LIMIT 20",
            "SELECT a.clock, count(*) AS n FROM kept a JOIN kept b ON a.span = b.span AND a.clock = b.clock "
            "GROUP BY a.clock ORDER BY a.clock",
        ]
        self.check_equal(self.both([table, variant], queries), "kept")

    def test_partitions_and_buckets(self):
        """Folders of partitions and numbers of buckets; a dynamic overwrite leaves the other partitions."""
        statements = [
            "SET spark.sql.sources.partitionOverwriteMode=dynamic",
            "CREATE TABLE parted (id BIGINT, kind STRING, shop BIGINT) USING parquet PARTITIONED BY (shop) "
            "CLUSTERED BY (id) SORTED BY (id) INTO 3 BUCKETS",
            "INSERT INTO parted SELECT id, kind, shop FROM sales",
            "INSERT OVERWRITE parted SELECT -id, kind, 2 FROM sales WHERE id < 100",
        ]
        queries = [
            BY_SHOP,
            "SELECT count(*) AS n FROM parted WHERE shop = 2 AND kind = '1'",
        ]
        found = self.both(statements, queries)
        self.check_equal(found, "parted")
        folders = layout(os.path.join(found[0][1], "parted"))
        self.assertEqual(set(folders), {f"shop={i}" for i in range(4)})

    def test_script_with_a_loop(self):
        """A script of SQL whose statements are jobs of the cluster."""
        script = (
            "BEGIN DECLARE i INT DEFAULT 0; "
            "CREATE TABLE counted (k INT, n BIGINT) USING parquet; "
            "WHILE i < 3 DO INSERT INTO counted SELECT i, count(*) FROM sales WHERE shop = i; "
            "SET i = i + 1; END WHILE; END"
        )
        self.check_equal(self.both([script], ["SELECT * FROM counted ORDER BY k"]), "counted")

    def test_worker_killed_in_a_dynamic_overwrite(self):
        """The partitions that are written anew are whole, the others untouched."""
        cluster = self.start(workers=3)
        conf = {**TIME, "weft.sql.warehouse.dir": os.path.join(self.folder(), "warehouse")}
        create = (
            "CREATE TABLE parted USING parquet PARTITIONED BY (shop) AS SELECT id, kind, shop FROM sales"
        )
        self.good(cluster.sql([SALES, create], conf))
        overwrite = "INSERT OVERWRITE parted SELECT id + 10000, kind, shop FROM sales WHERE shop IN (1, 3)"
        slow = {
            **conf, "weft.test.taskDelay": "500ms", "spark.sql.sources.partitionOverwriteMode": "dynamic",
        }  # fmt: skip
        future = in_background(cluster.sql, [SALES, overwrite], slow)
        until(lambda: future.done() or cluster.running_jobs(), "a running job")
        cluster.workers[0].kill()
        self.good(future.result())
        rows = self.good(cluster.sql([BY_SHOP], conf)).rows[-1][1:]
        self.assertEqual(
            rows,
            [["0", "1000", "0", "3996"], ["1", "1000", "10001", "13997"],
             ["2", "1000", "2", "3998"], ["3", "1000", "10003", "13999"]],
        )  # fmt: skip


if __name__ == "__main__":
    unittest.main(verbosity=2)
