#!/usr/bin/env python3
"""Workers that die, stop and come back while a query runs: the answer is the same, and only what was lost is
made again."""

import os

from cluster_case import SLOW, TpchCase, in_background, until, unittest

PATIENT = {"weft.test.taskDelay": "300ms"}
MEGABYTE = 1 << 20
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

    def test_one_choice_in_a_result(self):
        """Rows that a limit without an order picked are read twice and joined; the worker that made some of
        them dies in between; all find themselves."""
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


NONCES = (
    "WITH n AS (SELECT spark_partition_id() p, attempt_nonce() nonce, l_orderkey k, l_linenumber m "
    "FROM lineitem) "
)


class Generations(TpchCase):
    """What is made again when a worker dies between the readers of a column that goes by chance."""

    # readers of a stage come in waves, so that there is a middle of it; joins exchange both sides
    conf = {
        "weft.test.taskDelay": "150ms",
        "spark.sql.autoBroadcastJoinThreshold": "-1",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.files.maxPartitionBytes": "60000",
    }
    quick = {**conf, "weft.test.taskDelay": "0ms"}

    def stages(self, cluster):
        """The stages of the job that runs now, or of the last one."""
        job = max(cluster.jobs(), key=lambda job: int(job["id"]), default=None)
        return cluster.get(f"/api/v1/jobs/{job['id']}")["stage_list"] if job else []

    def is_read(self, cluster):
        """The first stage is whole; of those that read it some tasks are over, others are not."""
        first, *readers = sorted(self.stages(cluster), key=lambda stage: stage["stage"]) or [None]
        if first is None or not first["done"]:
            return False
        done = sum(stage["tasks_done"] for stage in readers)
        return done >= 2 and not all(stage["done"] for stage in readers)

    def torn(self, cluster, text, when):
        """Run a statement and kill -9 a worker that made some of its first stage's blocks as soon as when()
        is true; what it gave, the job and its stages. Again when nothing that was lost was wanted."""
        for _ in range(TRIES):
            path = os.path.join(cluster.folder, f"events{len(cluster.workers)}.jsonl")
            conf = {**self.conf, "weft.eventLog.path": path}
            future = in_background(cluster.sql, [*self.views, text], conf)
            until(lambda: future.done() or when(), "right moment")
            victim, _ = until(lambda: cluster.busiest() or future.done() and (None, 0), "busy worker")
            if victim is not None:
                victim.kill()
                cluster.start_worker(wait=False)
            called = self.good(future.result())
            cluster.wait_for_workers(3)
            job = cluster.last_job()
            self.assertEqual(job["state"], "SUCCEEDED")
            if victim is None or job["workers_lost"] == 0 or job["blocks_lost"] == 0:
                continue
            if any(stage == 0 for _, stage, _ in self.events(path).run_again()):
                return called.rows[-1], job, path
        self.fail(f"no kill in {TRIES} took a block that was read")

    def test_one_nonce_a_partition(self):
        """The nonce test: every attempt of a task of the first stage gives its rows a number of its own. Two
        joins read it, by different keys, and a worker dies in between: one number a task in the result."""
        cluster = self.start(workers=3)
        text = (
            NONCES + "SELECT a.p, count(DISTINCT a.nonce), count(DISTINCT b.nonce), count(DISTINCT c.nonce), "
            "count_if(a.nonce <> b.nonce OR a.nonce <> c.nonce), count(*) "
            "FROM n a JOIN n b ON a.k = b.k AND a.m = b.m "
            "JOIN (SELECT p, nonce FROM n GROUP BY p, nonce) c ON a.p = c.p GROUP BY a.p ORDER BY a.p"
        )
        rows, job, _ = self.torn(cluster, text, lambda: self.is_read(cluster))
        again = [stage["stage"] for stage in self.stages(cluster) if stage["generation"] > 0]
        self.assertGreater(len(rows), 4, "the table was read by few tasks")
        for row in rows[1:]:
            self.assertEqual(row[1:5], ["1", "1", "1", "0"], f"task {row[0]}")
        self.assertIn(0, again, "the stage did not begin a new generation")
        self.assertGreater(job["tasks_rerun"], 0)
        self.assertEqual(sum(int(row[5]) for row in rows[1:]), self.lines(cluster))

    def lines(self, cluster):
        return int(self.good(cluster.sql([*self.views, "SELECT count(*) FROM lineitem"])).rows[-1][1][0])

    def test_rand_is_the_same_again(self):
        """Scenario 32: a rand() column is exchanged by two keys, one of them itself, and joined. Its seed
        stands in the plan: what was lost is made again as it was, and nothing else."""
        cluster = self.start(workers=3)
        text = (
            "WITH g AS (SELECT l_orderkey k, l_linenumber m, rand() r FROM lineitem) "
            "SELECT count(*), count_if(a.r <> b.r), count(c.r) "
            "FROM g a JOIN g b ON a.k = b.k AND a.m = b.m LEFT JOIN g c ON a.r = c.r AND a.k = c.k"
        )
        rows, job, path = self.torn(cluster, text, lambda: self.is_read(cluster))
        lines = str(self.lines(cluster))
        self.assertEqual(rows[1], [lines, "0", lines])
        self.assertGreater(job["tasks_rerun"], 0)
        self.assertEqual(cluster.needless_runs(path), [])

    def test_rows_that_were_given_stay_given(self):
        """The client has read a part of its rows, with their nonces, when the rest is lost with what it was
        made of: another attempt would give others, and the job fails with that cause."""
        cluster = self.start(workers=3)
        text = NONCES + "SELECT a.k, a.nonce, b.nonce, repeat('x', 500) FROM n a JOIN n b USING (k, m)"
        for _ in range(TRIES):
            client = cluster.client(";".join([*self.views, text]), self.quick, ["--format", "csv"])
            until(lambda: not client.alive or os.path.getsize(client.output) > MEGABYTE, "rows at the client")
            client.pause()
            for worker in [worker for worker in cluster.workers if worker.alive and client.alive]:
                worker.kill()
                cluster.start_worker(wait=False)
            cluster.wait_for_workers(3)
            client.resume()
            if client.child.wait() != 0:
                break
        self.assertTrue("[INDETERMINATE_RERUN]" in client.text(), f"exit code {client.child.returncode}")
        self.assertGreater(client.text().count("xxx\n"), 1000, "no row had come")
        self.assertEqual(cluster.last_job()["state"], "FAILED")
        self.check(cluster.sql(self.statements([6])), [6])

    def test_rows_that_were_given_come_again(self):
        """The same with rows that do not go by chance: they are made again as they were, wherever their
        strings lie now, and the client goes on behind those that it has."""
        cluster = self.start(workers=3)
        text = (
            "SELECT l_orderkey, l_linenumber, l_comment, o_comment, repeat('x', 300) "
            "FROM lineitem JOIN orders ON l_orderkey = o_orderkey"
        )
        statements = ";".join([*self.views, text])
        whole = cluster.client(statements, self.quick, ["--format", "csv"])
        self.assertEqual(whole.child.wait(), 0)
        for _ in range(TRIES):
            client = cluster.client(statements, self.quick, ["--format", "csv"])
            until(lambda: not client.alive or os.path.getsize(client.output) > MEGABYTE, "rows at the client")
            client.pause()
            before = cluster.status()["blocks_lost"]
            for worker in [worker for worker in cluster.workers if worker.alive and client.alive]:
                worker.kill()
                cluster.start_worker(wait=False)
            cluster.wait_for_workers(3)
            client.resume()
            self.assertEqual(client.child.wait(), 0, client.text()[-2000:])
            self.assertEqual(client.text(), whole.text())
            if cluster.status()["blocks_lost"] > before:
                return
        self.fail(f"no kill in {TRIES} came in time")


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

    def at_work_on(self, cluster, text):
        """The process that runs the one task of the job with this text; None: nobody does at the moment."""
        (job,) = [job for job in cluster.running_jobs() if text in job["text"]] or [None]
        if job is None or job["tasks_running"] == 0:
            return None
        (application,) = cluster.get("/api/v1/applications")
        stage = f"/stages/{job['id'] % 1_000_000 * 4096}/0/taskList"
        tasks = cluster.get(f"/api/v1/applications/{application['id']}{stage}")
        numbers = {int(task["executorId"]) for task in tasks if task["status"] == "RUNNING"}
        found = [w for w in cluster.workers if w.alive and cluster.number_of(w) in numbers]
        return found[0] if found else None

    def test_task_that_ends_its_worker_every_time(self):
        """Scenario 28: its job fails with the cause; workers come back, and another job, of which tasks run
        beside it and die with it, ends right."""
        cluster = self.start(workers=2, cores=2)
        other, _ = self.run_query(cluster, 9)
        until(lambda: cluster.tasks_done() >= 1, "a finished task")
        # not by SET, which is a job too and might be the one that dies
        delay = ["--conf", "weft.test.taskDelay=60s"]
        future = in_background(cluster.sql, ["SELECT 41 + 1"], None, delay)
        kills = 0
        while not future.done():
            victim = self.at_work_on(cluster, "41 + 1")
            if victim is not None:
                done = cluster.tasks_done()
                until(lambda done=done: other.done() or cluster.tasks_done() > done, "progress of the other")
                victim.kill()
                kills += 1
                cluster.start_worker(wait=False)
                until(lambda: future.done() or len(cluster.alive_workers()) == 2, "new worker")
            self.assertLess(kills, 10, "the job is never given up")
        self.assertNotEqual(future.result().code, 0)
        self.assertGreater(kills, 1, "one death is no proof against a task")
        (job,) = [job for job in cluster.jobs() if "41 + 1" in job["text"]]
        self.assertEqual(job["state"], "FAILED")
        self.assertIn("worker", job["error"])
        self.check(other.result(), [9])
        queries = (1, 3, 6, 12)
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
