"""The leading coordinator is killed while many sessions wait for their answers: all come back, and all are
answered. A thousand sessions: storm.py crowd."""

import sys
import unittest

sys.dont_write_bytecode = True
from cluster import until
from crowds import Crowd, carried_over, count, succeeded
from support import zookeeper
from test_leaders import LeadersCase

SESSIONS = 60


class Returned(LeadersCase):
    def test_all_come_back(self):
        cluster = self.start(worker_args=["--cores", "16"], timeout="3s")
        for _ in range(2):
            cluster.start_worker()
        with Crowd(cluster, SESSIONS, 2, {"weft.test.taskDelay": "500ms"}) as crowd:
            leader = cluster.leader()
            crowd.ask()
            until(lambda: succeeded(cluster, leader), "statement that has been answered")
            cluster.coordinators[leader].kill()
            answers = crowd.answers()
            self.assertEqual(answers["right"], SESSIONS, answers)
            follower = cluster.leader()
            self.assertEqual(follower, 1 - leader)
            self.assertGreater(carried_over(cluster, follower), 0, "the fault")
            self.assertEqual(count(cluster.coordinators[follower], "leads"), 1)
            crowd.ask()
            self.assertEqual(crowd.answers()["right"], SESSIONS)
        self.answers(cluster)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
