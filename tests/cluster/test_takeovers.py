"""The leading coordinator is killed in the middle of a batch: nobody notices, nothing runs twice."""

import os
import random
import sys
import unittest

sys.dont_write_bytecode = True
from cluster_case import TpchCase
from leaders import Leaders
from takeovers import WORKER_ARGS, Takeovers, attempts, ran_again

KILLS = 5
QUERIES = (1, 3, 5, 9, 13, 18, 21)


class Batch(TpchCase):
    def test_a_batch_while_leaders_are_killed(self):
        cluster = Leaders(coordinators=2, workers=3, worker_args=WORKER_ARGS)
        self.addCleanup(self._close, cluster)
        cluster.start()
        takeovers = Takeovers(cluster, random.Random(11))
        called = takeovers.batch(
            self.statements(QUERIES), KILLS, conf={"weft.test.taskDelay": "150ms"}, timeout=180
        )
        self.check(called, QUERIES)
        self.assertEqual(len(takeovers.kills), KILLS)
        epochs = [epoch for _, epoch in takeovers.kills]
        self.assertEqual(epochs, sorted(set(epochs)))
        found = attempts(cluster.workers)
        self.assertGreaterEqual(takeovers.carried_over(found), KILLS - 2)  # others were between two jobs
        self.assertEqual(ran_again(found), [])
        self.assertNotIn("rror", called.stderr)

    def _close(self, cluster):
        result = self._outcome.result
        cluster.close(failed=any(case is self for case, _ in [*result.failures, *result.errors]))
        self.assertFalse(os.path.exists(cluster.folder))


if __name__ == "__main__":
    unittest.main(verbosity=2)
