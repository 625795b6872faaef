#!/usr/bin/env python3
"""Workers that die, stop and come back while a query runs: the answer is the same, and only what was lost is
made again."""

import os

from cluster_case import SLOW, TpchCase, in_background, until, unittest

PATIENT = {"weft.test.taskDelay": "300ms"}
TRIES = 5  # to kill a worker before its part of a query is over


class Killed(TpchCase):
    def hit(self, cluster, query, when):
        """Run a query, kill -9 the worker that has most to do as soon as when() is true, start another. The
        job; again when the kill came so late that nothing had to run again."""
        for _ in range(TRIES):
            before = cluster.status()["workers"]["lost"]
            future, events = self.run_query(cluster, query)
            until(lambda: future.done() or when(), f"right moment in q{query}")
            victim, number = until(lambda: cluster.busiest() or future.done() and (None, 0), "busy worker")
            if victim is not None:
                victim.kill()
                cluster.start_worker(wait=False)
            self.check(future.result(), [query])
            job = cluster.last_job()
            self.assertEqual(job["state"], "SUCCEEDED")
            if victim is None:
                continue
            until(lambda: cluster.status()["workers"]["lost"] > before, "dead worker")
            self.assertEqual(cluster.needless_runs(events), [])
            self.assertNotIn(number, {worker["id"] for worker in cluster.alive_workers()})
            most = job["tasks"] + job["tasks_rerun"] + cluster.cores * job["workers_lost"]
            self.assertLessEqual(job["attempts"], most)
            cluster.wait_for_workers(3)
            if job["workers_lost"] > 0 and job["tasks_rerun"] > 0:
                return job
        self.fail(f"no kill in {TRIES} came in time")

    def test_killed_while_it_maps(self):
        """Scenario 1: only what it had not finished, and what it had lost, runs again."""
        cluster = self.start(workers=3)
        for query in (1, 12):
            self.hit(cluster, query, lambda: cluster.tasks_done() >= 1)

    def test_killed_while_others_read_from_it(self):
        """Scenario 2: its blocks are made again, and what was finished on others is not."""
        cluster = self.start(workers=3)
        lost = 0
        for query in (9, 18, 21):
            job = self.hit(cluster, query, lambda: self.stages_done(cluster) >= 2)
            lost += job["blocks_lost"]
        self.assertGreater(lost, 0, "no block was lost")

    def test_one_generation_in_a_result(self):
        """Scenario 32: rows picked by chance (a limit without an order) are read
        twice and joined; the worker that made some of them dies in between; all find themselves."""
        cluster = self.start(workers=3)
        text = (
            "WITH g AS (SELECT l_orderkey k, count(*) n FROM lineitem GROUP BY l_orderkey LIMIT 9000) "
            "SELECT count(*), count(b.k) FROM g a LEFT JOIN (SELECT k FROM g WHERE n > 0) b ON a.k = b.k"
        )
        conf = {
            "weft.test.taskDelay": "200ms",
            "spark.sql.autoBroadcastJoinThreshold": "-1",
            "spark.sql.shuffle.partitions": "6",
        }
        future = in_background(cluster.sql, [*self.views, text], conf)
        until(lambda: future.done() or self.stages_done(cluster) >= 3, "finished stages")
        victim, _ = until(lambda: cluster.busiest() or future.done() and (None, 0), "busy worker")
        self.assertIsNotNone(victim, "the query ended before its worker could be killed")
        victim.kill()
        called = self.good(future.result())
        self.assertEqual(called.rows[-1][1], ["9000", "9000"])
        self.assertGreater(cluster.last_job()["tasks_rerun"], 0)


class Gone(TpchCase):
    def test_all_killed_and_one_returns(self):
        """Scenario 5: without workers the job waits; it goes on when there is one."""
        cluster = self.start(workers=2)
        future, events = self.run_query(cluster, 3)
        until(lambda: cluster.tasks_done() >= 2, "finished tasks")
        for worker in cluster.workers:
            worker.kill()
        cluster.wait_for_workers(0)
        until(lambda: cluster.status()["workers"]["lost"] == 2, "two dead workers")
        self.assertFalse(future.done(), "the job did not wait")
        cluster.start_worker()
        self.check(future.result(), [3])
        self.check_only_lost_ran_again(cluster, events)
        self.assertGreater(cluster.last_job()["tasks_rerun"], 0)

    def test_all_killed_and_none_returns(self):
        """Scenario 5: after the grace time the job fails and says why; the cluster is usable afterwards."""
        cluster = self.start(workers=1, coordinator_args=["--grace", "2s"])
        future, _ = self.run_query(cluster, 3, PATIENT)
        until(lambda: cluster.tasks_done() >= 1, "a finished task")
        cluster.workers[0].kill()
        called = future.result()
        self.assertNotEqual(called.code, 0)
        self.assertIn("[NO_WORKERS]", called.stderr)
        self.assertEqual(cluster.last_job()["state"], "FAILED")
        cluster.start_worker()
        self.check(cluster.sql(self.statements([6])), [6])

    def test_stopped_and_continued(self):
        """Scenario 14: a worker that was declared dead while it stood still comes back; what it reports of
        its old attempts is refused."""
        cluster = self.start(workers=3)
        future, events = self.run_query(cluster, 9, PATIENT)
        until(lambda: cluster.tasks_done() >= 2, "finished tasks")
        victim, number = until(cluster.busiest, "busy worker")
        victim.pause()
        until(lambda: cluster.status()["workers"]["lost"] == 1, "dead worker")
        self.check(future.result(), [9])
        victim.resume()
        cluster.wait_for_workers(3)
        self.assertTrue(victim.alive)
        self.check_only_lost_ran_again(cluster, events)
        self.assertGreater(cluster.last_job()["tasks_rerun"], 0)
        self.assertNotIn(number, {worker["id"] for worker in cluster.alive_workers()})
        queries = (1, 18)
        self.check(cluster.sql(self.statements(queries)), queries)

    def test_task_that_ends_its_worker_every_time(self):
        """Scenario 28: its job fails with the cause; workers come back, another job is not touched."""
        cluster = self.start(workers=2)
        queries = (1, 3, 6, 12)
        # not by SET, which is a job too and might be the one that dies
        delay = ["--conf", "weft.test.taskDelay=60s"]
        future = in_background(cluster.sql, ["SELECT 41 + 1"], None, delay)
        kills = 0
        while not future.done():
            found = cluster.busiest()
            if found is not None:
                found[0].kill()
                kills += 1
                cluster.start_worker(wait=False)
                until(lambda: future.done() or len(cluster.alive_workers()) == 2, "new worker")
            self.assertLess(kills, 10, "the job is never given up")
        self.assertNotEqual(future.result().code, 0)
        self.assertGreater(kills, 1, "one death is no proof against a task")
        self.assertEqual(cluster.last_job()["state"], "FAILED")
        self.assertIn("worker", cluster.last_job()["error"])
        self.check(cluster.sql(self.statements(queries)), queries)

    def test_error_of_a_task(self):
        """A statement that must fail fails with its own error, at once, and nothing else does."""
        cluster = self.start(workers=2)
        other, _ = self.run_query(cluster, 6, SLOW)
        called = cluster.sql(["SELECT 1 / (n - n) FROM VALUES (1), (2) AS t(n)"])
        self.assertNotEqual(called.code, 0)
        self.assertIn("[DIVIDE_BY_ZERO]", called.stderr)
        self.check(other.result(), [6])
        self.assertEqual(len(cluster.alive_workers()), 2)
        self.assertEqual(cluster.status()["workers"]["lost"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
