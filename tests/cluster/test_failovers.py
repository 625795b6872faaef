"""Other faults with a failover in the middle: docs/reliability.md has the list. What ran is read from the
workers' own logs."""

import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import calls
from clocks import Clocks
from cluster import WEFT, in_background, until, weft_cli, with_settings
from cluster_case import TpchCase
from leaders import Leaders
from support import zookeeper
from takeovers import WORKER_ARGS, attempts, ended, ran_again, running
from test_storage import EXCHANGED, flip, scratch_files
from test_takeovers import LeadersWrites, close
from test_workers import NONCES
from test_writes import MANY_TASKS, listing

TRIES = 4  # of a kill that has to take something
HOUR_S = 3600


class FailoverCase(TpchCase):
    def start(self, **options):
        options = {"workers": 3, "worker_args": WORKER_ARGS, **options}
        cluster = Leaders(**options)
        self.addCleanup(close, self, cluster)
        cluster.start()
        return cluster

    def ask(self, cluster, statements, conf, **options):
        """The future of their answers; see with_settings."""
        return in_background(with_settings, statements, conf, lambda texts: cluster.sql(texts, **options))

    def kill_leader(self, cluster):
        """(its number, the epoch of the next one)"""
        leader = cluster.leader()
        cluster.coordinators[leader].kill()
        follower = cluster.until_leads({1 - leader})
        return leader, int(cluster.state(follower)["epoch"])

    def begin(self, cluster, query, conf=None):
        """A query in the background, when its first tasks have ended."""
        conf = {**EXCHANGED, "weft.test.taskDelay": "150ms", **(conf or {})}
        future = self.ask(cluster, self.statements([query]), conf)
        until(lambda: future.done() or len(self.of_query(cluster)) >= 4, f"tasks of q{query}")
        self.assertFalse(future.done())
        return future

    def of_query(self, cluster, worker=None):
        """Tasks that have ended well, on this worker or any, of jobs with several stages or tasks."""
        done = set().union(*map(ended, cluster.workers if worker is None else [worker]))
        return {task for task in done if task[1] > 0 or task[3] > 0}

    def failures(self, cluster, status, epoch):
        """Attempts that ended so, which the leader of this epoch or a later one has launched."""
        found = attempts(cluster.workers)
        return [a for a in found if a.event == "ends" and a.status == status and a.epoch >= epoch]


class Workers(FailoverCase):
    """Scenarios 1, 2 and 28."""

    def test_a_worker_and_the_leader_while_it_maps(self):
        self.both(0)

    def test_a_worker_and_the_leader_while_others_read(self):
        self.both(2)

    def both(self, stage):
        """When tasks from this stage on have ended. Only what the worker had made, what it was at, and who
        could not read from it, runs again."""
        text = (
            "SELECT a.l_suppkey % 7 k, count(*), sum(b.l_quantity) FROM lineitem a JOIN lineitem b "
            "ON a.l_orderkey = b.l_orderkey AND a.l_linenumber = b.l_linenumber GROUP BY k ORDER BY k"
        )
        alone = self.good(weft_cli.run_statements(WEFT, [*self.views, text], timeout=120)).rows[-1]
        conf = {**EXCHANGED, "weft.test.taskDelay": "200ms", "spark.sql.files.maxPartitionBytes": "100000"}
        cluster = self.start()
        future = self.ask(cluster, [*self.views, text], conf)

        def victims():
            done = [task for task in self.of_query(cluster) if task[1] >= stage]
            busy = [w for w in cluster.workers if running(w) and self.of_query(cluster, w)]
            return future.done() or (busy if len(done) >= 2 else [])

        found = until(victims, "right moment")
        self.assertIsNot(found, True, "the query has ended")
        victim = found[0]
        victim.kill()
        leader, epoch = self.kill_leader(cluster)
        cluster.start_worker(wait=False)
        self.assertEqual(self.good(future.result()).rows[-1], alone)
        found = attempts(cluster.workers)
        again = set(ran_again(found))
        later = [a for a in found if a.epoch >= epoch and a.event == "begins"]
        self.assertTrue(later, "the next leader ran nothing")
        self.assertGreater(len(again), 0, "nothing of the dead worker was wanted")
        self.assertEqual(again - ended(victim), set())
        begun = [attempt.task for attempt in found if attempt.event == "begins"]
        lost = len({attempt.task for attempt in attempts([victim])})
        missed = sum(a.event == "ends" and a.status == "UNREACHABLE" for a in found)
        self.assertLessEqual(len(begun), len(set(begun)) + lost + missed)
        cluster.start_coordinator(leader)
        self.check(cluster.sql(self.statements([6])), [6])

    def test_a_task_that_ends_its_worker_every_time(self):
        """The next leader counts anew, and gives it up too; other jobs are not touched."""
        cluster = self.start(workers=2)
        future = in_background(cluster.sql, ["SELECT 41 + 1"], conf={"weft.test.taskDelay": "60s"})
        kills, leader = 0, None
        while not future.done():
            busy = [worker for worker in cluster.workers if worker.alive and running(worker)]
            if busy:
                busy[0].kill()
                kills += 1
                cluster.start_worker()
            if kills == 1 and leader is None:
                leader, epoch = self.kill_leader(cluster)
            self.assertLess(kills, 10, "the job is never given up")
        called = future.result()
        self.assertNotEqual(called.code, 0)
        self.assertIn("worker", called.stderr)
        self.assertGreater(kills, 2)
        self.assertTrue([a for a in attempts(cluster.workers) if a.epoch >= epoch], "the fault")
        self.check(cluster.sql(self.statements([6])), [6])


class Chance(FailoverCase):
    """Scenario 32."""

    def test_one_nonce_a_task(self):
        """Every attempt of a task of the first stage gives its rows a number of its own. Two joins read it,
        by different keys; one of its holders dies with the leader: one number a task in the result."""
        cluster = self.start()
        text = (
            NONCES + "SELECT a.p, count(DISTINCT a.nonce), count(DISTINCT b.nonce), count(DISTINCT c.nonce), "
            "count_if(a.nonce <> b.nonce OR a.nonce <> c.nonce), count(*) "
            "FROM n a JOIN n b ON a.k = b.k AND a.m = b.m "
            "JOIN (SELECT p, nonce FROM n GROUP BY p, nonce) c ON a.p = c.p GROUP BY a.p ORDER BY a.p"
        )
        conf = {**EXCHANGED, "weft.test.taskDelay": "150ms", "spark.sql.files.maxPartitionBytes": "60000"}
        for _ in range(TRIES):
            before = {task[0] for task in set().union(*map(ended, cluster.workers))}
            future = self.ask(cluster, [*self.views, text], conf)
            until(lambda: future.done() or self.is_read(cluster, before), "readers")  # noqa: B023
            living = [worker for worker in cluster.workers if worker.alive]
            victim = max(living, key=lambda worker: len(ended(worker)))
            victim.kill()
            leader, epoch = self.kill_leader(cluster)
            cluster.start_worker(wait=False)
            rows = self.good(future.result()).rows[-1]
            self.assertGreater(len(rows), 4, "the table was read by few tasks")
            for row in rows[1:]:
                self.assertEqual(row[1:5], ["1", "1", "1", "0"], f"task {row[0]}")
            cluster.start_coordinator(leader)
            cluster.until_state(leader, "STANDBY")
            found = attempts(cluster.workers)
            anew = {a.task for a in found if a.epoch >= epoch and a.task[1] == 0 and a.task[2] > 0}
            if {task[0] for task in anew} & {a.task[0] for a in found if a.epoch < epoch}:
                return
        self.fail(f"no kill in {TRIES} took a block that was read")

    def is_read(self, cluster, before):
        """Of a new job: readers of the first stage have ended, and others run."""
        done = {t for t in set().union(*map(ended, cluster.workers)) if t[0] not in before and t[1] > 0}
        return len(done) >= 2 and any(running(worker) for worker in cluster.workers if worker.alive)


class Disks(FailoverCase):
    """Scenarios 16 and 18."""

    conf = {"weft.test.forceSpill": "true"}

    def test_a_full_disk(self):
        """The next leader does not know that a worker's disk is full: it learns it, all ends elsewhere."""
        cluster = self.start(workers=1)
        folder = os.path.join(cluster.folder, "disk")
        os.makedirs(folder)
        words = ["mount", "-t", "tmpfs", "-o", "size=64k", "weft-test", folder]
        if subprocess.run(words, capture_output=True).returncode != 0:
            self.skipTest("mounting a small disk needs root")
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
        cluster.start_worker(args=["--work-dir", folder])
        future = self.begin(cluster, 9, self.conf)
        _, epoch = self.kill_leader(cluster)
        self.check(future.result(), [9])
        self.assertTrue(self.failures(cluster, "DISK_FULL", epoch), "the disk was not full")
        self.assertEqual(ran_again(attempts(cluster.workers)), [])

    def test_flipped_bits(self):
        """Blocks that rotted while nobody led are noticed and made again."""
        cluster = self.start(workers=2, worker_args=[*WORKER_ARGS, "--memory", "8m"])
        future = self.begin(cluster, 9, self.conf)
        leader = cluster.leader()
        cluster.coordinators[leader].kill()
        flipped = sum(flip(path) for worker in cluster.workers for path in scratch_files(worker))
        follower = cluster.until_leads({1 - leader})
        self.assertGreater(flipped, 0, "nothing was in scratch files")
        self.check(future.result(), [9])
        found = attempts(cluster.workers)
        self.assertTrue([a for a in found if a.status not in ("OK", "CANCELLED")], "nobody noticed")
        self.assertGreater(len(ran_again(found)), 0)
        self.assertEqual(cluster.leader(), follower)


class Calls(FailoverCase):
    """Scenario 17."""

    def test_calls_that_fail_when_the_leader_changes(self):
        """The epoch of the next leader cannot be kept at once, or a message does not go: then again."""
        planned = [("sync", 3, "EIO"), ("sync", 4, "ENOSPC")]
        planned += [("send", 20, "ECONNRESET"), ("receive", 20, "SHORT")]
        faults = {}

        def environment(name):
            number = int(name[6:]) if name.startswith("worker") else 0
            if not 1 <= number <= len(planned):
                return None
            faults[name] = calls.Fault(cluster.folder, *planned[number - 1])
            return faults[name].environment

        cluster = Leaders(workers=len(planned) + 1, worker_args=WORKER_ARGS, environment=environment)
        self.addCleanup(close, self, cluster)
        cluster.start()
        future = self.begin(cluster, 9)
        self.kill_leader(cluster)
        self.check(future.result(), [9])
        for name, fault in faults.items():
            self.assertTrue(fault.fired, f"{fault.name} of {name} never came")
        for worker in cluster.workers:
            self.assertIsNone(calls.wrong_end(worker), worker.name)
            self.assertTrue(worker.alive, worker.name)
        self.assertIn("epoch_not_written", "".join(worker.text() for worker in cluster.workers))
        self.assertEqual(ran_again(attempts(cluster.workers)), [])
        self.check(cluster.sql(self.statements([6])), [6])


class Jumps(FailoverCase):
    """Scenario 26."""

    def test_clocks_jump_by_an_hour(self):
        """Forwards here and backwards there, then the other way round: nobody is declared dead, the leader
        leads on. It is killed then, and the next one's epoch is higher though its clock is behind."""
        clocks = Clocks(self.folder())
        cluster = self.start(workers=2, environment=clocks.environment)
        leader, client = cluster.leader(), clocks.environment("client")
        epoch = cluster.state(leader)["epoch"]
        conf = {**EXCHANGED, "weft.test.taskDelay": "200ms"}
        prefix = ["env", *(f"{key}={value}" for key, value in client.items())]
        future = self.ask(cluster, self.statements([9]), conf, prefix=prefix)
        for sign in (1, -1):
            done = len(self.of_query(cluster))
            for number, clock in enumerate(clocks.all()):
                clock.jump(sign * HOUR_S * (-1) ** number)
            until(lambda: len(self.of_query(cluster)) >= done + 4, "tasks that end")  # noqa: B023
            self.assertFalse(future.done())
        said = "".join(process.text() for process in [*cluster.coordinators, *cluster.workers])
        self.assertIsNone(
            re.search("leadership_ended|leadership_suspended|worker_lost|lease_out|session_lost", said)
        )
        self.assertEqual(cluster.state(leader)["epoch"], epoch)
        clocks.of(cluster.coordinators[leader].name).jump(HOUR_S)
        clocks.of(cluster.coordinators[1 - leader].name).jump(-HOUR_S)
        _, later = self.kill_leader(cluster)
        self.assertGreater(later, int(epoch))
        self.check(future.result(), [9])
        begun = [attempt.task for attempt in attempts(cluster.workers) if attempt.event == "begins"]
        self.assertEqual(len(begun), len(set(begun)))
        for clock in clocks.all():
            self.assertGreater(clock.asked, 0, f"the clock of {clock.name} was not asked")


class Told(LeadersWrites):
    """Scenario 33."""

    def test_killed_between_the_end_and_the_reply(self):
        """How the INSERT ended is on record, and its client has not heard of it when the leader is killed.
        Before the client comes back another one writes over it: it hears that its write is done, and nothing
        is written again."""
        cluster, folder, _ = self.start_with_old(workers=2, worker_args=WORKER_ARGS)
        conf = {**MANY_TASKS, "weft.test.answerDelay": "60s"}
        client = cluster.client("; ".join(self.statements_of(folder, 2)), conf)
        leader = cluster.leader()
        until(lambda: "answer_delayed" in cluster.coordinators[leader].text(), "end on record")
        self.assertTrue(client.alive)
        client.pause()
        self.check_rows(cluster, folder, 2)
        before = {attempt.task[0] for attempt in attempts(cluster.workers)}
        ended_at = len([a for a in attempts(cluster.workers) if a.task[0] in before])
        cluster.coordinators[leader].kill()
        cluster.until_leads({1 - leader})
        self.good(self.overwrite(cluster, folder, 3))
        newest = listing(folder)
        client.resume()
        self.assertEqual(client.child.wait(90), 0, client.text())
        self.assertNotIn("rror", client.text())
        self.assertEqual(listing(folder), newest)
        self.check_rows(cluster, folder, 3)
        again = [a for a in attempts(cluster.workers) if a.task[0] in before]
        self.assertEqual(len(again), ended_at)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main(verbosity=2)
