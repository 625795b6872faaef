"""The leading coordinator is killed in the middle of a batch: nobody notices, nothing runs twice."""

import os
import random
import sys
import unittest

sys.dont_write_bytecode = True
from cluster import WEFT, in_background, until, weft_cli
from cluster_case import TpchCase
from leaders import Leaders
from takeovers import WORKER_ARGS, Takeovers, attempts, ran_again
from test_writes import MANY_TASKS, SLOW_COMMIT, WriteCase, listing, published

KILLS = 5
QUERIES = (1, 3, 5, 9, 13, 18, 21)
FILES, ROWS = 200, 1000  # of a write; of a file


def close(case, cluster):
    result = case._outcome.result
    cluster.close(failed=any(one is case for one, _ in [*result.failures, *result.errors]))
    case.assertFalse(os.path.exists(cluster.folder))


class Batch(TpchCase):
    def test_a_batch_while_leaders_are_killed(self):
        cluster = Leaders(coordinators=2, workers=3, worker_args=WORKER_ARGS)
        self.addCleanup(close, self, cluster)
        cluster.start()
        takeovers = Takeovers(cluster, random.Random(11))
        called = takeovers.batch(
            self.statements(QUERIES), KILLS, conf={"weft.test.taskDelay": "300ms"}, timeout=180
        )
        self.check(called, QUERIES)
        self.assertEqual(len(takeovers.kills), KILLS)
        epochs = [epoch for _, epoch in takeovers.kills]
        self.assertEqual(epochs, sorted(set(epochs)))
        found = attempts(cluster.workers)
        self.assertGreaterEqual(takeovers.carried_over(found), KILLS - 2)  # others came between two jobs
        self.assertEqual(ran_again(found), [])
        self.assertNotIn("rror", called.stderr)


class OneJob(TpchCase):
    def test_five_leaders_in_one_job(self):
        """It keeps its number, and each of its tasks runs once."""
        cluster = Leaders(coordinators=2, workers=3, worker_args=WORKER_ARGS)
        self.addCleanup(close, self, cluster)
        cluster.start()
        takeovers = Takeovers(cluster, random.Random(3))
        *views, query = self.statements([18])
        slow = "SET weft.test.taskDelay = 2s"
        client = in_background(cluster.sql, [*views, slow, query], timeout=180)
        for _ in range(KILLS):
            self.assertTrue(takeovers.kill_leader(client, 0.2, 0.3), "the job ended too early")
        called = client.result()
        called.rows = called.rows[: len(views)] + called.rows[-1:]
        self.check(called, [18])
        found = attempts(cluster.workers)
        jobs = {attempt.task[0] for attempt in found if attempt.task[1] > 0}  # of more than one stage
        self.assertEqual(len(jobs), 1)
        self.assertEqual(ran_again(found), [])
        begun = [attempt.task for attempt in found if attempt.event == "begins"]
        self.assertEqual(len(begun), len(set(begun)))


class LeadersWrites(WriteCase):
    """Writes over a cluster with ZooKeeper."""

    def start(self, **options):
        cluster = Leaders(**options)
        self.addCleanup(close, self, cluster)
        cluster.start()
        return cluster

    def overwrite(self, cluster, folder, tag, conf=None):
        return cluster.sql(self.statements_of(folder, tag), conf={**MANY_TASKS, **(conf or {})})


class Overwrites(LeadersWrites):
    """Old files or new ones, each row once, nothing staged: whoever leads in the middle of a commit."""

    def test_leaders_killed_between_two_renames(self):
        """Among the renames, then among the deletions: the next one carries the decision out."""
        cluster, folder, old = self.start_with_old(workers=2)
        for tag in (2, 3):
            future = in_background(self.overwrite, cluster, folder, tag, SLOW_COMMIT)
            if tag == 2:
                until(lambda: len(published(folder) - old) >= 3, "published files")  # noqa: B023
            else:
                until(lambda: len(old - published(folder)) >= 3, "deleted files")  # noqa: B023
            leader = cluster.leader()
            cluster.coordinators[leader].kill()
            half = published(folder)
            self.assertGreater(len(half - old), 0)
            self.assertGreater(len(half & old), 0, "the commit was whole when the leader was killed")
            follower = cluster.until_leads({1 - leader})
            self.good(future.result())
            new = listing(folder)
            self.assertEqual((len(new), new & old), (len(old), set()))
            self.assertIn("decision=commit", cluster.coordinators[follower].text())
            self.check_rows(cluster, folder, tag)
            cluster.start_coordinator(leader)
            cluster.until_state(leader, "STANDBY")
            old = new

    def test_a_leader_that_stood_still_between_two_renames(self):
        """It goes on after another has carried that out and written over it: nothing changes by it."""
        cluster, folder, old = self.start_with_old(workers=2)
        future = in_background(self.overwrite, cluster, folder, 2, SLOW_COMMIT)
        until(lambda: len(published(folder) - old) >= 3, "published files")
        leader = cluster.leader()
        cluster.coordinators[leader].pause()
        self.assertGreater(len(published(folder) & old), 0)
        cluster.until_leads({1 - leader})
        self.good(future.result())
        self.check_rows(cluster, folder, 2)
        self.good(self.overwrite(cluster, folder, 3))
        newest = listing(folder)
        cluster.coordinators[leader].resume()
        cluster.until_state(leader, "STANDBY")
        self.assertEqual(listing(folder), newest)
        self.check_rows(cluster, folder, 3)


class TwoHundred(LeadersWrites):
    """The same with 200 files, each of a task of its own."""

    def start_with_old(self, **options):
        self.source = os.path.join(self.folder(), "source")
        rows = f"SELECT explode(sequence(1, {ROWS})) AS id"
        made = weft_cli.run_statements(
            WEFT, [f"INSERT OVERWRITE DIRECTORY '{self.source}/k=0' USING parquet {rows}"]
        )
        self.good(made)
        file = next(iter(listing(f"{self.source}/k=0")))
        for k in range(1, FILES):
            os.mkdir(f"{self.source}/k={k}")
            os.link(f"{self.source}/k=0/{file}", f"{self.source}/k={k}/{file}")
        started = super().start_with_old(**options)
        self.assertEqual(len(started[2]), FILES)
        return started

    def statements_of(self, folder, tag):
        view = f"CREATE TEMPORARY VIEW source USING parquet OPTIONS (path '{self.source}')"
        rows = f"SELECT k, id, {tag} AS tag FROM source"
        return [view, f"INSERT OVERWRITE DIRECTORY '{folder}' USING parquet {rows}"]

    def check_rows(self, cluster, folder, tag):
        self.assertFalse(os.path.exists(os.path.join(folder, "_temporary")))
        self.assertEqual(len(listing(folder)), FILES)
        query = f"SELECT count(*), count(DISTINCT k, id), min(tag), max(tag) FROM parquet.`{folder}`"
        rows = self.good(cluster.sql([query])).rows[-1][-1]
        self.assertEqual(rows, [str(ROWS * FILES), str(ROWS * FILES), str(tag), str(tag)])

    def overwrite(self, cluster, folder, tag, conf=None):
        each = {"weft.sql.files.maxPartitionBytes": "100"}  # less than a file has
        return super().overwrite(cluster, folder, tag, {**each, **(conf or {})})

    def hit_among_the_renames(self, cluster, folder, old, tag):
        """What runs, and who leads it: some of the new files are there, and all of the old ones."""
        future = in_background(self.overwrite, cluster, folder, tag, {"weft.test.commitDelay": "10ms"})
        until(lambda: len(published(folder) - old) >= 3, "published files")
        return future, cluster.leader()

    def test_the_leader_is_killed(self):
        cluster, folder, old = self.start_with_old(workers=2)
        future, leader = self.hit_among_the_renames(cluster, folder, old, 2)
        cluster.coordinators[leader].kill()
        half = published(folder)
        self.assertTrue(len(half - old) < FILES and half & old, "the commit was whole when the leader died")
        self.good(future.result())
        self.assertEqual(listing(folder) & old, set())
        self.check_rows(cluster, folder, 2)

    def test_the_leader_stands_still(self):
        cluster, folder, old = self.start_with_old(workers=2)
        future, leader = self.hit_among_the_renames(cluster, folder, old, 2)
        cluster.coordinators[leader].pause()
        half = published(folder)
        self.assertTrue(len(half - old) < FILES and half & old, "the commit was whole at the stop")
        self.good(future.result())
        new = listing(folder)
        cluster.coordinators[leader].resume()
        cluster.until_state(leader, "STANDBY")
        self.assertEqual((listing(folder), new & old), (new, set()))
        self.check_rows(cluster, folder, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
