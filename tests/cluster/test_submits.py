"""`weft submit` of a file: over leaders that are killed, and killed itself and started again."""

import os
import random
import re
import subprocess
import sys
import time
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


# Each statement but the settings is wrong when it is done twice.
NAMED_SCRIPT = """
SET weft.test.taskDelay = 300ms;
SET weft.sql.files.maxPartitionBytes = 60000;
{view};
CREATE TABLE made USING parquet LOCATION '{folder}/made' AS SELECT l_orderkey, l_linenumber FROM lineitem;
SELECT count(*) AS first_count FROM made;
INSERT INTO made SELECT l_orderkey, l_linenumber + 100 FROM lineitem;
SELECT count(*) AS last_count FROM made;
"""


class SubmitCase(TpchCase):
    def begin(self, script=SCRIPT, **options):
        cluster = Leaders(coordinators=2, workers=2, worker_args=WORKER_ARGS, **options)
        self.addCleanup(close, self, cluster)
        self.tables = os.path.join(cluster.folder, "tables")
        cluster.coordinator_args += ["--conf", f"weft.sql.warehouse.dir={self.tables}/warehouse"]
        cluster.start()
        self.file = os.path.join(cluster.folder, "script.sql")
        os.makedirs(self.tables)
        self.view = next(text for text in self.views if "lineitem" in text)
        self.rows = cluster.sql([self.view, "SELECT count(*) FROM lineitem"]).rows[-1][1][0]
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(script.format(view=self.view, folder=self.tables))
        return cluster

    def submit(self, cluster, *extra):
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
            *extra,
        ]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def runs(self, cluster):
        return '"RUNNING"' in cluster.ask(cluster.leader(), "/api/v1/jobs")[1]


class Submitted(SubmitCase):
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
        until(lambda: self.runs(cluster), "statement that runs")
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
        until(lambda: not self.runs(cluster), "end of all jobs")
        self.check_rows(cluster)


class Named(SubmitCase):
    """With a name it goes on, whoever is killed: its process, the leader, both."""

    def finish(self, child, code=0):
        out, said = child.communicate(timeout=PATIENCE_S * 2)
        self.assertEqual(child.returncode, code, said)
        return out, said

    def kill(self, child):
        child.kill()
        child.communicate()

    def check_table(self, cluster):
        rows = f"SELECT count(*), count(DISTINCT *) FROM parquet.`{self.tables}/made`"
        twice = str(2 * int(self.rows))
        self.assertEqual(cluster.sql([rows]).rows[0][1:], [[twice, twice]])
        self.assertFalse(os.path.exists(os.path.join(self.tables, "made", "_temporary")))

    def test_its_process_is_killed(self):
        """In every statement that writes, one time with the leader: each is one job, and is done once."""
        cluster = self.begin(NAMED_SCRIPT)
        before = {attempt.task[0] for attempt in attempts(cluster.workers)}
        child = self.submit(cluster, "--session", "nightly")
        made = os.path.join(self.tables, "made")
        until(lambda: self.runs(cluster) and os.path.exists(made), "table that is made")
        self.kill(child)
        child = self.submit(cluster, "--session", "nightly")
        until(lambda: os.path.exists(os.path.join(made, "_SUCCESS")), "first table")
        until(lambda: len(self.jobs(cluster) - before) >= 3 and self.runs(cluster), "the other write")
        self.kill(child)
        leader = cluster.leader()
        cluster.coordinators[leader].kill()
        cluster.until_leads({1 - leader})
        out, said = self.finish(self.submit(cluster, "--session", "nightly"))
        self.assertIn(f"last_count\n{2 * int(self.rows)}\n", out)
        self.assertIn("Statement 4 was done before.", said)
        found = attempts(cluster.workers)
        self.assertEqual(ran_again(found), [])
        jobs = {attempt.task[0] for attempt in found} - before
        self.assertEqual(len(jobs), 4, "one job for each statement that has tasks")
        self.assertIn(2, [len({a.epoch for a in found if a.task[0] == job}) for job in jobs], "carried over")
        self.check_table(cluster)
        out, said = self.finish(self.submit(cluster, "--session", "nightly"))
        self.assertEqual(out, "")
        self.assertEqual(said.count("was done before."), 7)
        self.check_table(cluster)

    def jobs(self, cluster):
        return {attempt.task[0] for attempt in attempts(cluster.workers)}

    def test_a_statement_fails(self):
        """It is run again when the submission is started again, and those before it are not; other statements
        are refused, and so is a second client."""
        cluster = self.begin(
            "CREATE TABLE made USING parquet LOCATION '{folder}/made' AS SELECT 1 AS n;"
            "INSERT INTO made SELECT 1 + n FROM parquet.`{folder}/later`; SELECT sum(n) AS s FROM made"
        )
        _, said = self.finish(self.submit(cluster, "--session", "twice"), 1)
        self.assertIn("PATH_NOT_FOUND", said)
        cluster.sql([f"INSERT OVERWRITE DIRECTORY '{self.tables}/later' USING parquet SELECT 1 AS n"])
        _, said = self.finish(self.submit(cluster, "--session", "two words"), 2)
        self.assertIn("no spaces", said)
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text.replace("SELECT 1 AS n", "SELECT 2 AS n"))
        _, said = self.finish(self.submit(cluster, "--session", "twice"), 1)
        self.assertIn("SESSION_OF_OTHER_STATEMENTS", said)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("SET weft.test.taskDelay = 60s; SELECT 1 AS n")
        slow = self.submit(cluster, "--session", "slow")
        until(lambda: self.runs(cluster), "statement that runs")
        other = self.submit(cluster, "--session", "slow")
        time.sleep(1)
        self.assertIsNone(other.poll(), "it waits for the other to go")
        self.kill(other)
        self.kill(slow)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        out, said = self.finish(self.submit(cluster, "--session", "twice"))
        self.assertIn("s\n3\n", out)
        self.assertIn("Statement 1 was done before.", said)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
