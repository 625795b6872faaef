"""Records that are too large for ZooKeeper: on the leader and a standby, and there for the next leader."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
import large
from cluster import until
from cluster_case import data_folder
from leaders import Leaders
from takeovers import WORKER_ARGS, attempts, ran_again
from test_takeovers import close

MB = 1000 * 1000


class Plan(unittest.TestCase):
    def start(self, **options):
        cluster = Leaders(**options)
        self.addCleanup(close, self, cluster)
        cluster.start()
        return cluster

    def statement(self, size):
        return large.query(os.path.join(data_folder(), "lineitem.parquet"), size)

    def test_a_plan_of_twelve_megabytes_goes_on(self):
        """Its leader is killed when its records stand: the next one has them, and no task runs again."""
        cluster = self.start(
            coordinators=2, workers=2, worker_args=WORKER_ARGS, coordinator_args=("--blob-keep", "1s")
        )
        client = large.script(cluster, ["SET weft.test.taskDelay = 800ms", self.statement(12 * MB)])
        leader = cluster.leader()
        other = 1 - leader
        until(lambda: sum(large.blobs(cluster, other).values()) > 20 * MB, "text and stage on the standby")
        self.assertEqual(large.blobs(cluster, leader), large.blobs(cluster, other))
        self.assertLess(large.counted(cluster)["bytes"], MB)
        self.assertTrue(client.alive)
        cluster.coordinators[leader].kill()
        cluster.until_leads({other})
        text = large.finish(client)
        self.assertEqual(client.child.returncode, 0, text)
        self.assertIn("A,30053", text)
        found = attempts(cluster.workers)
        jobs = {attempt.task[0] for attempt in found if attempt.task[1] > 0}
        self.assertEqual(len(jobs), 1)
        found = [attempt for attempt in found if attempt.task[0] in jobs]
        self.assertEqual(len({attempt.epoch for attempt in found}), 2)  # it was carried over
        self.assertEqual(ran_again(found), [])

    def test_nobody_stands_by(self):
        """What ZooKeeper has room for lies there; more is refused by name, or a read goes on without."""
        cluster = self.start(coordinators=1, workers=1)
        slow = "SET weft.test.taskDelay = 300ms"
        client = large.script(cluster, [slow, self.statement(1 * MB)])
        until(lambda: large.counted(cluster)["bytes"] > MB, "a record in ZooKeeper")
        self.assertIn("A,30053", large.finish(client))
        target = os.path.join(cluster.folder, "written")
        write = f"INSERT OVERWRITE DIRECTORY '{target}' USING parquet " + self.statement(9 * MB)
        text = large.finish(large.script(cluster, [write]))
        self.assertIn("UNREACHABLE", text)
        self.assertIn("--blob-copies 1", text)
        self.assertFalse(os.path.exists(target) and os.listdir(target))


if __name__ == "__main__":
    unittest.main(verbosity=2)
