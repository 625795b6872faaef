#!/usr/bin/env python3
"""A cluster over several hosts (network namespaces), with keys: cables cut, pairs that cannot reach each
other, loss and delay. Needs root and `ip`; else it is skipped, with the reason."""

import subprocess
import sys

from cluster import WEFT
from cluster_case import TpchCase, until, unittest
from support import netlab

COORDINATOR, FIRST, SECOND = 1, 2, 3  # hosts of the lab


class Network(TpchCase):
    def start_lab(self, workers, **options):
        """Coordinator on host 1, workers on 2, 3, …, keys for all."""
        lab = netlab.Netlab(hosts=workers + 1)
        lab.__enter__()
        self.addCleanup(lab.close)  # runs after the cluster's: cleanups go backwards
        keys = self.keys("keys")
        options.setdefault("coordinator_args", [])
        options.setdefault("worker_args", [])
        options["coordinator_args"] += ["--keys", keys]
        options["worker_args"] += ["--keys", keys]
        cluster = self.start(workers=workers, lab=lab, client_args=["--keys", keys], **options)
        return lab, cluster

    def keys(self, name):
        folder = f"{self.folder()}/{name}"
        subprocess.run([WEFT, "keys", "init", folder, "--user", "ann"], check=True, capture_output=True)
        return folder

    def test_answers_with_keys(self):
        _, cluster = self.start_lab(workers=2)
        queries = (1, 3, 9, 18)
        self.check(cluster.sql(self.statements(queries)), queries)
        self.assertGreater(cluster.last_job()["bytes_exchanged"], 0)

    def test_cable_cut_and_healed(self):
        """A host that is gone without a word: its work is done elsewhere, and it is welcome again."""
        lab, cluster = self.start_lab(workers=3)
        future, events = self.run_query(cluster, 9)
        until(lambda: cluster.tasks_done() >= 2, "finished tasks")
        victim, _ = until(cluster.busiest, "busy worker")
        lab.cut(cluster.workers.index(victim) + FIRST)
        until(lambda: cluster.status()["workers"]["lost"] == 1, "dead worker")
        self.check(future.result(), [9])
        self.check_only_lost_ran_again(cluster, events)
        self.assertGreater(cluster.last_job()["tasks_rerun"], 0)
        self.assertTrue(victim.alive)
        lab.heal(cluster.workers.index(victim) + FIRST)
        cluster.wait_for_workers(3)
        self.check(cluster.sql(self.statements([3])), [3])

    def test_two_workers_without_each_other(self):
        """Scenario 13: the coordinator sees both, they do not see each other: no failure of the job."""
        lab, cluster = self.start_lab(workers=3)
        lab.block(FIRST, SECOND)
        lab.block(SECOND, FIRST)
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "8"}
        self.check(cluster.sql(self.statements([3, 18]), conf), [3, 18])
        self.assertGreater(cluster.status()["tasks"]["failed"], 0, "nobody missed a block")
        lab.unblock()
        cluster.wait_for_workers(3)
        self.check(cluster.sql(self.statements([9])), [9])

    def test_worker_without_its_coordinator(self):
        """Scenario 14: a live worker that cannot be reached is given up; when it is back, it serves again and
        nothing of what it did meanwhile counts."""
        lab, cluster = self.start_lab(workers=3)
        future, events = self.run_query(cluster, 9)
        until(lambda: cluster.tasks_done() >= 2, "finished tasks")
        victim, _ = until(cluster.busiest, "busy worker")
        host = cluster.workers.index(victim) + FIRST
        lab.block(host, COORDINATOR)
        lab.block(COORDINATOR, host)
        until(lambda: cluster.status()["workers"]["lost"] == 1, "dead worker")
        self.check(future.result(), [9])
        lab.unblock()
        cluster.wait_for_workers(3)
        self.check_only_lost_ran_again(cluster, events)
        self.check(cluster.sql(self.statements([18])), [18])

    def test_slow_and_lossy(self):
        """Every host loses and delays what it sends."""
        lab, cluster = self.start_lab(workers=2)
        for host in (COORDINATOR, FIRST, SECOND):
            if not lab.impair(host, "delay", "20ms", "loss", "2%"):
                self.skipTest("the kernel has no netem")
        self.check(cluster.sql(self.statements([3, 18])), [3, 18])

    def test_slow_cable(self):
        """One worker sends a few megabits a second: it is waited for, nobody is declared dead."""
        lab, cluster = self.start_lab(workers=2)
        if not lab.limit(FIRST, 20):
            self.skipTest("the kernel has no tbf")
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "8"}
        self.check(cluster.sql(self.statements([3, 9]), conf), [3, 9])
        self.assertEqual(cluster.status()["workers"]["lost"], 0)

    def test_strangers(self):
        """A worker or client without keys, or with others, changes nothing."""
        lab, cluster = self.start_lab(workers=1)
        other = self.keys("other")
        stranger = cluster.start_worker(wait=False, host=FIRST, args=["--keys", other])
        called = cluster.sql(["SELECT 1"], arguments=["--keys", other], timeout=120)
        self.assertNotEqual(called.code, 0)
        called = cluster.sql(["SELECT 1"], arguments=[], timeout=120)
        self.assertNotEqual(called.code, 0)
        self.assertEqual(len(cluster.listed_workers()), 1)
        self.assertEqual(cluster.jobs(), [])
        stranger.kill()
        self.check(cluster.sql(self.statements([6])), [6])


if __name__ == "__main__":
    reason = netlab.why_not()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(77)
    unittest.main(verbosity=2)
