"""`weft submit` of a file: over leaders that are killed, and killed itself and started again."""

import os
import random
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from cluster import PATIENCE_S, WEFT, in_background, until
from cluster_case import TpchCase
from leaders import Leaders
from support import zookeeper
from takeovers import WORKER_ARGS, Takeovers, attempts, ran_again
from test_takeovers import close
from test_writes import listing, published

SCRIPT = """
SET weft.test.taskDelay = 300ms;
SET weft.sql.files.maxPartitionBytes = 60000;
{view};
CREATE TABLE made USING parquet LOCATION '{folder}/made' AS SELECT l_orderkey, l_linenumber FROM lineitem;
INSERT OVERWRITE DIRECTORY '{folder}/filled' USING parquet SELECT l_orderkey, l_linenumber FROM made;
SELECT count(*) AS filled FROM parquet.`{folder}/filled`;
"""


class Submitted(TpchCase):
    def begin(self, **options):
        cluster = Leaders(coordinators=2, workers=2, worker_args=WORKER_ARGS, **options)
        self.addCleanup(close, self, cluster)
        cluster.start()
        self.tables = os.path.join(cluster.folder, "tables")
        self.file = os.path.join(cluster.folder, "script.sql")
        os.makedirs(self.tables)
        self.view = next(text for text in self.views if "lineitem" in text)
        self.rows = cluster.sql([self.view, "SELECT count(*) FROM lineitem"]).rows[-1][1][0]
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(SCRIPT.format(view=self.view, folder=self.tables))
        return cluster

    def submit(self, cluster):
        words = [
            WEFT,
            "submit",
            self.file,
            "--format",
            "csv",
            "--master",
            cluster.url,
            "--keys",
            cluster.keys,
        ]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check_rows(self, cluster):
        """Each row is there once, and nothing staged is left."""
        for name in ("made", "filled"):
            folder = os.path.join(self.tables, name)
            self.assertEqual(listing(folder), published(folder))
            self.assertFalse(os.path.exists(os.path.join(folder, "_temporary")))
            rows = "SELECT count(*), count(DISTINCT l_orderkey, l_linenumber) FROM "
            called = cluster.sql([f"{rows} parquet.`{folder}`"])
            self.assertEqual(called.rows[0][1:], [[self.rows, self.rows]], called.message)

    def test_it_goes_on_over_leaders(self):
        cluster = self.begin()
        takeovers = Takeovers(cluster, random.Random(5))
        before = {attempt.task[0] for attempt in attempts(cluster.workers)}
        child = self.submit(cluster)
        client = in_background(child.communicate, timeout=PATIENCE_S * 2)
        for _ in range(2):
            self.assertTrue(takeovers.kill_leader(client, 0.2, 0.6), "the file ended too early")
        out, said = client.result()
        self.assertEqual(child.returncode, 0, said)
        self.assertNotIn("rror", said)
        self.assertIn(f"filled\n{self.rows}\n", out)
        found = attempts(cluster.workers)
        self.assertEqual(ran_again(found), [])
        self.assertGreater(takeovers.carried_over(found), 0, "the fault")
        jobs = {attempt.task[0] for attempt in found} - before
        self.assertEqual(len(jobs), 3, "one job for each statement that has tasks")
        self.check_rows(cluster)

    def test_it_is_killed_and_started_again(self):
        """A new session, which runs the file from its beginning: what was made is refused by name, what is
        overwritten is there once, and what the one before still ran ends by itself."""
        cluster = self.begin(coordinator_args=["--session-grace", "1s"])
        child = self.submit(cluster)
        made = os.path.join(self.tables, "made")
        until(lambda: os.path.exists(os.path.join(made, "_SUCCESS")), "first table")
        until(
            lambda: '"RUNNING"' in cluster.ask(cluster.leader(), "/api/v1/jobs")[1],
            "statement that runs",
        )
        child.kill()
        child.communicate()
        again = self.submit(cluster)
        _, said = again.communicate(timeout=PATIENCE_S)
        self.assertEqual(again.returncode, 1, said)
        self.assertRegex(said, r"\[\w*ALREADY_EXISTS\].*made")
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(
                re.sub(
                    r"CREATE TABLE .* AS (?=SELECT)",
                    f"INSERT OVERWRITE DIRECTORY '{made}' USING parquet ",
                    text,
                ).replace("FROM made", f"FROM parquet.`{made}`")
            )
        out, said = self.submit(cluster).communicate(timeout=PATIENCE_S)
        self.assertIn(f"filled\n{self.rows}\n", out, said)
        until(
            lambda: '"RUNNING"' not in cluster.ask(cluster.leader(), "/api/v1/jobs")[1],
            "end of all jobs",
        )
        self.check_rows(cluster)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
