#!/usr/bin/env python3
"""Scenario 17: the n-th read, write, sync, open, send or receive of a process fails. Each statement is
answered right or fails with a named cause, the next one is answered, and no process dies."""

import os

import calls
from cluster_case import TpchCase, until, unittest

CONF = {
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.shuffle.partitions": "6",
    "weft.test.forceSpill": "true",
}
FEW, MANY = (1, 2, 3, 5), (1, 4, 9, 20)
ROUNDS = 12  # of a query each, until all faults have fired
TRIES = 4


class Calls(TpchCase):
    def setUp(self):
        if not os.path.exists(os.path.join(calls.FAULTS, "libfailing_calls.so")):
            self.skipTest("libfailing_calls.so is not built")

    def ask(self, cluster, queries):
        """Until they are answered, at most a few times: every fault fires once. How often they failed."""
        for failed in range(TRIES):
            called = cluster.sql(self.statements(queries), CONF)
            if called.code == 0:
                self.check(called, queries)
                return failed
            cause = calls.cause_of(called)
            self.assertIsNotNone(cause, f"a failure without a cause: {called.message}")
            self.assertNotIn("INTERNAL", cause, called.message)
        self.fail(f"{TRIES} failures in a row: {called.message}")

    def write(self, cluster, tries=TRIES):
        """A table, written and read back. False when it failed so often, each time with its cause."""
        path = os.path.join(cluster.folder, f"table{cluster.started}-{len(os.listdir(cluster.folder))}")
        rows = "SELECT * FROM orders WHERE o_orderkey % 3 <> 0"
        sums = "SELECT count(*), count(DISTINCT o_orderkey), sum(o_totalprice), max(o_comment) FROM"
        for _ in range(tries):
            text = f"INSERT OVERWRITE DIRECTORY '{path}' USING parquet {rows}"
            called = cluster.sql([*self.views, text], CONF)
            if called.code == 0:
                break
            self.assertIsNotNone(calls.cause_of(called), called.message)
        else:
            return False
        called = self.good(cluster.sql([*self.views, f"{sums} parquet.`{path}`", f"{sums} ({rows})"], CONF))
        self.assertEqual(called.rows[-2], called.rows[-1])
        return True

    def check_processes(self, cluster):
        for process in [cluster.coordinator, *cluster.workers]:
            self.assertIsNone(calls.wrong_end(process))

    def sweep(self, call, numbers, writes=False):
        """One worker for each number, and one to which nothing happens."""
        cluster = self.start(workers=1)
        planned = calls.faults(cluster.folder, call, numbers)
        calls.start_workers(cluster, planned)
        until(lambda: len(cluster.alive_workers()) + self.ended(planned) > len(planned), "workers")
        for turn in range(ROUNDS):
            self.ask(cluster, ((3, 18, 9, 21)[turn % 4],))
            if writes:
                self.assertTrue(self.write(cluster))
            if all(fault.fired for fault in planned):
                break
        fired = sum(fault.fired for fault in planned)
        self.assertGreaterEqual(fired, len(planned) - 1, "one may have had too little to do, not more")
        self.ask(cluster, (6, 1))
        self.check_processes(cluster)
        return cluster

    def ended(self, planned):
        return sum(not fault.process.alive for fault in planned)

    def test_reads(self):
        self.sweep("read", FEW)

    def test_writes(self):
        cluster = self.sweep("write", FEW)
        self.assertGreater(cluster.status()["bytes_spilled"], 0)

    def test_syncs(self):
        """Of the file that holds the epoch, and of what is written."""
        self.sweep("sync", (1, 2, 3), writes=True)

    def test_opens(self):
        self.sweep("open", FEW)

    def test_sends(self):
        self.sweep("send", MANY)

    def test_receives(self):
        self.sweep("receive", MANY)

    def test_of_the_coordinator(self):
        for call, number in (("read", 2), ("send", 31), ("receive", 9)):
            with self.subTest(call=call, number=number):
                fault = calls.faults(self.folder(), call, [number])[0]
                cluster = self.start(workers=1, coordinator_environment=fault.environment)
                self.ask(cluster, (3,))
                self.ask(cluster, (6, 12))
                self.assertTrue(fault.fired, f"{fault.name} never came")
                self.check_processes(cluster)
                cluster.close()

    def test_of_the_journal(self):
        """The coordinator cannot make durable what it decides: the write fails and says why, queries go on;
        started again it writes."""
        for call, number in (("sync", 12), ("sync", 13), ("write", 8)):  # those behind its start
            with self.subTest(call=call, number=number):
                fault = calls.faults(self.folder(), call, [number])[0]
                cluster = self.start(workers=1, coordinator_environment=fault.environment)
                self.write(cluster, tries=2)
                self.assertTrue(fault.fired, f"{fault.name} never came")
                self.ask(cluster, (6,))
                self.check_processes(cluster)
                self.assertEqual(cluster.coordinator.end(), 0)
                cluster.coordinator_environment = None
                cluster.start_coordinator()
                cluster.wait_for_workers(1)
                self.assertTrue(self.write(cluster, tries=1), "a write after the restart")
                cluster.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
