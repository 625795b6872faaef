"""What the tests of the cluster share: data, answers of the undisturbed engine, checks that a fault fired."""

import os
import shutil
import sys
import tempfile
import time
import unittest
import zlib

sys.dont_write_bytecode = True
from cluster import WEFT, Cluster, Events, in_background, until, weft_cli
from support import tpch
from support.tpch import compare, small

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.abspath(os.environ.get("WEFT_TPCH_DATA", os.path.join(ROOT, "build/data/tpch-small")))
with open(WEFT, "rb") as program:
    SANITIZED = b"__tsan_init" in program.read()  # which takes memory and time of its own
HEADROOM_BYTES = 500_000_000 if SANITIZED else 100_000_000  # what a process may take above its --memory
SLOW = {"weft.test.taskDelay": "100ms"}  # tasks that last long enough to be hit


def data_folder():
    """TPC-H-shaped tables, made by the program itself when they are not there yet."""
    small.generate(WEFT, DATA)
    return DATA


def digest(path):
    """(lines, bytes, a sum that knows no order) of a file of rows."""
    lines = total = 0
    with open(path, "rb") as file:
        for line in file:
            lines, total = lines + 1, (total + zlib.crc32(line)) % (1 << 64)
    return lines, os.path.getsize(path), total


class ClusterCase(unittest.TestCase):
    """One cluster a test."""

    def start(self, **options):
        """A started cluster, ended after the test, with its logs shown when the test failed."""
        cluster = Cluster(**options)
        self.addCleanup(self._close, cluster)
        cluster.start()
        return cluster

    def _close(self, cluster):
        result = self._outcome.result
        cluster.close(failed=any(case is self for case, _ in [*result.failures, *result.errors]))
        self.assertFalse(os.path.exists(cluster.folder), "the folder of the cluster is still there")

    def folder(self):
        """A scratch folder of the test."""
        if not hasattr(self, "scratch"):
            self.scratch = tempfile.mkdtemp(prefix="weft-cluster-test-")
            self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        return self.scratch

    def events(self, path):
        return Events(path)

    def good(self, called):
        self.assertEqual(called.code, 0, called.message)
        return called


class TpchCase(ClusterCase):
    """Queries over the TPC-H tables, compared with what `weft sql` answers in one process."""

    answers = {}

    @classmethod
    def setUpClass(cls):
        cls.views = tpch.view_statements(data_folder())

    def expected(self, queries):
        missing = [query for query in queries if query not in TpchCase.answers]
        if missing:
            called = weft_cli.run_statements(WEFT, self.statements(missing), timeout=300)
            self.good(called)
            for query, rows in zip(missing, called.rows[len(self.views) :]):
                TpchCase.answers[query] = rows
        return {query: TpchCase.answers[query] for query in queries}

    def statements(self, queries):
        return [*self.views, *(tpch.query_text(query) for query in queries)]

    def check(self, called, queries):
        """The rows of every query are those of one process."""
        self.good(called)
        for query, rows in zip(queries, called.rows[len(self.views) :], strict=True):
            expected = self.expected([query])[query]
            self.assertEqual(rows[0], expected[0], f"columns of q{query}")
            wrong = compare.difference(
                query, compare.from_text(expected[1:], query), compare.from_text(rows[1:], query)
            )
            self.assertIsNone(wrong, f"q{query}: {wrong}")

    def run_query(self, cluster, query, conf=None):
        """In the background; the events of its statements go to a file of its own."""
        path = os.path.join(cluster.folder, f"events{query}-{time.monotonic_ns()}.jsonl")
        conf = {**SLOW, **(conf or {}), "weft.eventLog.path": path}
        return in_background(cluster.sql, self.statements([query]), conf), path

    def stages_done(self, cluster):
        return max((job["stages_done"] for job in cluster.running_jobs()), default=0)

    def check_only_lost_ran_again(self, cluster, path):
        self.assertEqual(cluster.needless_runs(path), [])


__all__ = [
    "HEADROOM_BYTES",
    "ROOT",
    "SANITIZED",
    "SLOW",
    "ClusterCase",
    "TpchCase",
    "digest",
    "until",
    "in_background",
    "unittest",
]
