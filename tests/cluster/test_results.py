"""A large result, read slowly while the leader dies and then a worker that holds it: the same bytes, in flat
memory. 2 GB: storm.py results."""

import sys
import unittest

sys.dont_write_bytecode = True
from cluster_case import HEADROOM_BYTES, SANITIZED, TpchCase
from leaders import Leaders
from readers import FLAT_BYTES, read_over_faults, what_is_wrong
from support import zookeeper
from takeovers import WORKER_ARGS
from test_takeovers import close

LEAST_BYTES = 100_000_000
WORKER_BYTES = 256 << 20  # what Leaders gives a worker
SHADOW = 5 if SANITIZED else 1  # the thread sanitizer keeps four bytes for each


class Large(TpchCase):
    def test_leader_then_worker(self):
        cluster = Leaders(coordinators=2, workers=2, worker_args=WORKER_ARGS)
        self.addCleanup(close, self, cluster)
        cluster.start()
        view = next(text for text in self.views if "lineitem" in text)
        rows = "SELECT l_orderkey, l_linenumber, repeat(l_comment, 50) AS text FROM lineitem ORDER BY 1, 2"
        counted = read_over_faults(cluster, f"{view}; {rows}")
        flat = max(FLAT_BYTES, HEADROOM_BYTES)  # more under a sanitizer
        self.assertIsNone(what_is_wrong(counted, WORKER_BYTES * SHADOW, flat), counted)
        self.assertGreater(counted["bytes"], LEAST_BYTES)
        called = cluster.sql(["SELECT 1"])
        self.assertEqual(called.code, 0, called.message)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
