#!/usr/bin/env python3
"""Sessions of clients in other processes: what needs no worker."""

import subprocess

from cluster import PATIENCE_S, WEFT
from cluster_case import ClusterCase, unittest

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
