"""Records that are too large for ZooKeeper: on the leader and a standby, and there for the next leader."""

import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
import large
from cluster import until
from cluster_case import SANITIZED, data_folder
from leaders import Leaders
from takeovers import WORKER_ARGS, attempts, ran_again
from test_takeovers import close

MB = 1000 * 1000
DELAY = "6s" if SANITIZED else "2s"  # of each task: reading and planning take longer with a sanitizer


class LargeCase(unittest.TestCase):
    def start(self, **options):
        cluster = Leaders(**options)
        self.addCleanup(close, self, cluster)
        cluster.start()
        return cluster


class Plan(LargeCase):
    def statement(self, size):
        return large.query(os.path.join(data_folder(), "lineitem.parquet"), size)

    def test_a_plan_of_twelve_megabytes_goes_on(self):
        """Its leader is killed when its records stand: the next one has them, and no task runs again."""
        cluster = self.start(
            coordinators=2, workers=2, worker_args=WORKER_ARGS, coordinator_args=("--blob-keep", "1s")
        )
        client = large.script(cluster, [f"SET weft.test.taskDelay = {DELAY}", self.statement(12 * MB)])
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


class Files(LargeCase):
    def test_a_file_of_twenty_megabytes_goes_on(self):
        """Jobs that read it go on, workers that come later get it, and it is gone when its session is."""
        cluster = self.start(
            coordinators=2, workers=2, worker_args=WORKER_ARGS, coordinator_args=("--blob-keep", "1s")
        )
        table = os.path.join(data_folder(), "lineitem.parquet")
        path = large.parquet_file(cluster.folder, "big.parquet", table, 20 * MB)
        read = "SELECT count(*) AS n FROM parquet.`artifact:files/big.parquet`"
        slow = read.replace("count(*) AS n", "l_returnflag, count(*)") + " GROUP BY 1 ORDER BY 1"
        leader = cluster.leader()
        client = large.script(
            cluster,
            [f"ADD FILE '{path}'", "LIST FILES", f"SET weft.test.taskDelay = {DELAY}", slow, read],
        )
        until(lambda: large.blobs(cluster, 1 - leader, "artifacts"), "the file on the standby")
        until(lambda: any(a.event == "ends" for a in attempts(cluster.workers)), "a task that has read it")
        time.sleep(2)  # longer than --blob-keep: the session needs it, so it stays
        self.assertEqual(len(large.blobs(cluster, 1 - leader, "artifacts")), 1)
        self.assertTrue(client.alive)
        cluster.coordinators[leader].kill()
        os.remove(path)  # nobody needs the client's any more
        cluster.until_leads({1 - leader})
        cluster.start_worker()
        text = large.finish(client)
        self.assertEqual(client.child.returncode, 0, text)
        self.assertIn("artifact:files/big.parquet", text)
        self.assertIn("A,30053", text)
        self.assertIn("\n120321\n", text)
        found = attempts(cluster.workers)
        jobs = [{a.epoch for a in found if a.task[0] == job} for job in {a.task[0] for a in found}]
        self.assertIn(2, map(len, jobs))  # one was carried over
        self.assertEqual(ran_again(found), [])
        self.assertLess(large.counted(cluster)["bytes"], MB)
        until(lambda: not large.blobs(cluster, 1 - leader, "artifacts"), "end of the file with its session")

    def test_what_a_session_may_not_read(self):
        """Files are of one session; without a standby a file is refused, and says what to do."""
        cluster = self.start(coordinators=1, workers=1)
        path = os.path.join(cluster.folder, "a.parquet")
        with open(path, "wb") as file:
            file.write(os.urandom(3 * MB))
        text = large.finish(large.script(cluster, [f"ADD FILE '{path}'"]))
        self.assertIn("UNREACHABLE", text)
        self.assertIn("--blob-copies 1", text)
        text = large.finish(large.script(cluster, ["SELECT 1 FROM parquet.`artifact:files/a.parquet`"]))
        self.assertIn("PATH_NOT_FOUND", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
