#!/usr/bin/env python3
"""Scratch files and memory of workers: bits that flip on disk, disks that are full, budgets far too small."""

import os
import subprocess

from cluster import WEFT, weft_cli
from cluster_case import HEADROOM_BYTES, TpchCase, until, unittest

EXCHANGED = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "8"}
SORTED = (  # all line items in one task: more than twice the memory of a worker
    "SELECT sum(n * l_linenumber), max(s) FROM (SELECT l_linenumber, concat(l_comment, l_shipinstruct) s, "
    "row_number() OVER (ORDER BY l_comment, l_shipinstruct, l_orderkey, l_linenumber) n FROM lineitem)"
)
FLIP_EVERY = 4096  # bytes: every page of rows is hit


def scratch_files(process):
    """Paths to the open nameless files of a process that hold something."""
    found = []
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        path = f"/proc/{process.pid}/fd/{name}"
        try:
            target, size = os.readlink(path), os.stat(path).st_size
        except OSError:
            continue  # closed meanwhile
        if process.folder in target and "(deleted)" in target and size > 0:
            found.append(path)
    return found


def flip(path):
    """Change one bit in every few thousand; returns how many."""
    count = 0
    with open(path, "r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        for position in range(FLIP_EVERY // 2, size, FLIP_EVERY):
            byte = os.pread(file.fileno(), 1, position)
            os.pwrite(file.fileno(), bytes([byte[0] ^ 16]), position)
            count += 1
    return count


class Scratch(TpchCase):
    def test_flipped_bits(self):
        """Scenario 18: a block that rotted on disk is noticed and made again; never a wrong row."""
        cluster = self.start(workers=2, memory="8m")
        conf = {**EXCHANGED, "weft.test.taskDelay": "300ms", "weft.test.forceSpill": "true"}
        future, _ = self.run_query(cluster, 9, conf)
        flipped = 0
        while not future.done() and flipped == 0:
            until(lambda: future.done() or cluster.tasks_done() >= 3, "finished tasks")
            for worker in cluster.workers:
                flipped += sum(flip(path) for path in scratch_files(worker))
        self.assertGreater(flipped, 0, "nothing was in scratch files")
        self.check(future.result(), [9])
        status = cluster.status()
        self.assertGreater(status["blocks_lost"] + status["tasks"]["failed"], 0, "nobody noticed")

    def test_full_disk_of_one_worker(self):
        """Scenario 16: its tasks run elsewhere."""
        cluster = self.start(workers=0)
        self.start_worker_on_full_disk(cluster)
        cluster.start_worker()
        conf = {**EXCHANGED, "weft.test.forceSpill": "true"}
        future, events = self.run_query(cluster, 9, conf)
        self.check(future.result(), [9])
        reasons = {reason for ends in self.events(events).task_ends().values() for *_, reason in ends}
        self.assertIn("DISK_FULL", reasons, "the disk was not full")

    def test_full_disk_of_all(self):
        """Scenario 16: the statement fails and says why; the next one that needs no disk is answered."""
        cluster = self.start(workers=0)
        self.start_worker_on_full_disk(cluster)
        called = cluster.sql(self.statements([9]), {**EXCHANGED, "weft.test.forceSpill": "true"})
        self.assertNotEqual(called.code, 0)
        self.assertIn("[DISK_FULL]", called.stderr)
        self.check(cluster.sql(self.statements([6])), [6])

    def start_worker_on_full_disk(self, cluster):
        folder = os.path.join(cluster.folder, "disk")
        os.makedirs(folder)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "weft-test", folder], capture_output=True
        )
        if mounted.returncode != 0:
            self.skipTest("mounting a small disk needs root")
        # in front of the removal of the cluster's folder, which is the cleanup registered first
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
        cluster.start_worker(args=["--work-dir", folder])

    def test_an_eighth_of_the_memory(self):
        """Scenario 20: queries end by spilling, and the resident set stays within the limit."""
        limit = 8 << 20
        cluster = self.start(workers=2, memory="8m")
        queries = (1, 3, 9, 13, 18, 21)
        self.check(cluster.sql(self.statements(queries), EXCHANGED), queries)
        rows = [*self.views, SORTED]
        alone = self.good(weft_cli.run_statements(WEFT, rows, timeout=120)).rows[-1]
        self.assertEqual(self.good(cluster.sql(rows)).rows[-1], alone)
        self.assertGreater(cluster.status()["bytes_spilled"], 0, "there was memory enough")
        for worker in cluster.workers:
            self.assertLess(worker.peak_bytes(), limit + HEADROOM_BYTES, worker.name)

    def test_shuffle_in_little_memory(self):
        """Scenario 36: all-to-all exchanges, one slot a worker, one page a reader, end, again and again."""
        cluster = self.start(workers=3, memory="8m", worker_args=["--conf", "weft.test.fetchAhead=false"])
        for _ in range(5):
            self.check(cluster.sql(self.statements([18]), EXCHANGED), [18])
        self.assertGreater(cluster.status()["bytes_exchanged"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
