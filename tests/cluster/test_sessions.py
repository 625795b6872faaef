#!/usr/bin/env python3
"""Sessions of clients in other processes: what needs no worker, and connections that break."""

import os
import subprocess

from cluster import PATIENCE_S, WEFT, Process
from cluster_case import ClusterCase, TpchCase, unittest, until
from support import weft_cli
from support.cuts import Forwarder

COMMANDS = [
    "SET weft.sql.session.timeZone=Asia/Tokyo",
    "CREATE TEMPORARY VIEW v (a) AS SELECT 1",
    "SHOW TABLES",
    "DESCRIBE v",
    "EXPLAIN SELECT a FROM v WHERE a > 0",
    "SHOW FUNCTIONS",
    "RESET",
    "DROP VIEW v",
]


LARGE = "SELECT l_orderkey, l_linenumber, l_partkey, l_comment FROM lineitem"
CUT_BYTES = 700_000  # a few pages


def run(cluster, *statements):
    """One `weft sql` of these statements alone, without the marks that tell their rows apart."""
    words = [WEFT, "sql", "-S", "--format", "csv", "-e", "; ".join(statements), *cluster.arguments()]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False
    )


class WithoutWorkers(ClusterCase):
    def test_commands_run_in_the_coordinator(self):
        """What reads no data needs no worker and is no job; a query is one, also of literals alone, and one
        that found no worker is listed with its cause."""
        cluster = self.start(workers=0, coordinator_args=["--grace", "300ms"])
        done = run(cluster, *COMMANDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        for row in ("weft.sql.session.timeZone,Asia/Tokyo", ",v,true", "a,int,", "== Physical Plan =="):
            self.assertIn(row, done.stdout)
        self.assertEqual(cluster.get("/api/v1/jobs"), [])

        done = run(cluster, "SELECT 1 AS x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("[NO_WORKERS]", done.stderr)
        (job,) = cluster.get("/api/v1/jobs")
        self.assertEqual((job["state"], job["text"], job["tasks"]), ("FAILED", "SELECT 1 AS x", 0))
        self.assertIn("[NO_WORKERS] There was no worker", job["error"])


class Ports(ClusterCase):
    def test_workers_of_one_host_without_a_port(self):
        """The usual port is taken by the first of them at most; the others say which they have."""
        cluster = self.start(workers=0)
        for name in ("first", "second"):
            words = [WEFT, "worker", cluster.url, "--cores", "1", "--memory", "64m"]
            words += ["--work-dir", os.path.join(cluster.folder, name, "work")]
            words += ["--log-file", os.path.join(cluster.folder, name, "log")]
            cluster.workers.append(Process(name, words, cluster.folder))
        cluster.wait_for_workers(2)
        taken = [p.name for p in cluster.workers if "port_taken port=7078 instead=" in p.text()]
        ports = {worker["address"].rpartition(":")[2] for worker in cluster.alive_workers()}
        self.assertEqual(len(ports), 2)
        self.assertEqual(len(taken), 1 if "7078" in ports else 2)
        words = [WEFT, "worker", cluster.url, "--port", ports.pop()]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)


class Caches(ClusterCase):
    def test_what_a_session_keeps(self):
        """What CACHE TABLE keeps is read by all workers, and goes with its session."""
        cluster = self.start(workers=2)
        warehouse = os.path.join(cluster.folder, "warehouse")
        done = run(
            cluster,
            f"SET weft.sql.warehouse.dir = {warehouse}",
            "CACHE TABLE kept AS SELECT /*+ REPARTITION(4) */ id % 7 AS g, id AS k FROM range(100000)",
            "SELECT sum(k), count(DISTINCT g) FROM kept",
            "EXPLAIN SELECT * FROM kept",
            "CREATE TABLE known USING parquet AS SELECT id FROM range(10)",
            "ANALYZE TABLE known COMPUTE STATISTICS FOR ALL COLUMNS",
            "DESCRIBE EXTENDED known id",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("4999950000,7\n", done.stdout)
        self.assertIn("InMemoryTableScan [g#1, k#2], InMemoryRelation `kept`", done.stdout)
        self.assertIn("distinct_count,10\n", done.stdout)
        until(lambda: sorted(os.listdir(warehouse)) == ["_catalog", "known"], "warehouse without the cache")


class Large(ClusterCase):
    def test_statements_of_some_megabytes(self):
        """A text that is mostly a few long literals, and one of very many short ones."""
        cluster = self.start(workers=2, memory="512m")
        path = os.path.join(cluster.folder, "large.sql")
        texts = ", ".join(f"('{chr(97 + i) * 1_000_000}')" for i in range(16))
        numbers = ", ".join(str(1_000_000 + i) for i in range(50_000))
        with open(path, "w", encoding="ascii") as file:
            file.write(f"SELECT count(*), max(a), sum(length(a)) FROM (VALUES {texts}) t (a);\n")
            file.write(f"SELECT count(*) FROM (VALUES (1000007), (7)) t (n) WHERE n IN ({numbers});\n")
        words = [WEFT, "sql", "-S", "--format", "csv", "-f", path, *cluster.arguments()]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        last = "p" * 1_000_000
        self.assertEqual(
            done.stdout.split(), ["count(1),max(a),sum(length(a))", f"16,{last},16000000", "count(1)", "1"]
        )


class Cut(TpchCase):
    """The client's connection goes by a forwarder that cuts it."""

    def start_cut(self, **options):
        cluster = self.start(workers=2, **options)
        way = Forwarder(cluster.port)
        way.__enter__()
        self.addCleanup(way.__exit__)
        cluster.client_args = ["--master", f"weft://127.0.0.1:{way.port}"]
        return cluster, way

    def test_while_a_statement_runs(self):
        """It goes on, and its client hears its end; it is one job."""
        cluster, way = self.start_cut()
        future, _ = self.run_query(cluster, 9, {"weft.test.taskDelay": "300ms"})
        until(lambda: cluster.tasks_done() >= 1, "a finished task")
        for _ in range(3):
            cuts = way.cuts
            until(lambda: way.cut() or way.cuts > cuts, "cut connection")  # noqa: B023
        self.assertEqual(len(cluster.running_jobs()), 1)
        self.check(future.result(), [9])
        self.assertEqual([job["state"] for job in cluster.jobs()], ["SUCCEEDED"])

    def test_while_a_large_result_streams(self):
        """Every row comes once, however often its way is cut."""
        statements = [*self.views, LARGE]
        one = self.good(weft_cli.run_statements(WEFT, statements, timeout=PATIENCE_S))
        cluster, way = self.start_cut()
        way.cut_after(CUT_BYTES)
        called = self.good(cluster.sql(statements))
        self.assertGreater(way.cuts, 3)
        self.assertEqual(sorted(called.rows[-1]), sorted(one.rows[-1]))
        self.assertEqual(len(cluster.jobs()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
