#!/usr/bin/env python3
"""What the loss of one of four workers costs.

    bench/lost_worker.py --data build/data/tpch-1 [--weft build/release/weft] [--rounds 5]
                         [--queries 1,9,18] [--times 3] [--quota 0.4]

Four workers of one slot, each in a cgroup (version 1 or 2; needs root) that gives it so much of a core. The
queries run by one client, so many times over: undisturbed, then with a kill -9 of the busiest worker at half
of that time, in turn. Medians by the clock, their ratio, and what had to run again. The answers are
compared."""

import argparse
import contextlib
import os
import signal
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "cluster"))
import cluster as harness  # noqa: E402
from cluster import Cluster, in_background, until  # noqa: E402
from support import tpch  # noqa: E402
from support.tpch import compare  # noqa: E402

WORKERS = 4
PERIOD_US = 100_000
FLAGS = {"spark.sql.shuffle.partitions": "16"}


class Group:
    """A cgroup with a quota of CPU time; processes put themselves in."""

    def __init__(self, name, cores):
        self.is_second = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        root = "/sys/fs/cgroup" if self.is_second else "/sys/fs/cgroup/cpu"
        self.path = os.path.join(root, f"weft-{os.getpid()}-{name}")
        if self.is_second:
            with contextlib.suppress(OSError):  # it is on already, or making the folder's files fails below
                self.write(root, "cgroup.subtree_control", "+cpu")
        os.mkdir(self.path)
        quota = int(cores * PERIOD_US)
        if self.is_second:
            self.write(self.path, "cpu.max", f"{quota} {PERIOD_US}")
        else:
            self.write(self.path, "cpu.cfs_period_us", str(PERIOD_US))
            self.write(self.path, "cpu.cfs_quota_us", str(quota))

    def write(self, folder, name, text):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)

    def take(self, pid):
        self.write(self.path, "cgroup.procs", str(pid))

    def throttled_s(self):
        """How long its processes had to wait for their quota."""
        with open(os.path.join(self.path, "cpu.stat"), encoding="ascii") as file:
            values = dict(line.split() for line in file)
        if "throttled_usec" in values:
            return int(values["throttled_usec"]) / 1e6
        return int(values["throttled_time"]) / 1e9

    def close(self):
        until(lambda: self.removed(), f"empty group {self.path}")

    def removed(self):
        try:
            os.rmdir(self.path)
        except OSError:
            return False  # a process of it has not ended quite yet
        return True


class Bench:
    def __init__(self, options):
        self.options = options
        self.views = tpch.view_statements(options.data)
        self.queries = [int(text) for text in options.queries.split(",")] * options.times
        self.answers = None
        self.groups = []

    def start_worker(self, cluster):
        """In a group of its own; the other end of `exec` is what joins it, before its threads are there."""
        group = Group(str(len(self.groups)), self.options.quota)
        self.groups.append(group)
        worker = cluster.start_worker(wait=False)
        group.take(worker.pid)
        worker.group = group

    def run(self, kill_after_s):
        """(seconds, tasks that ran again) of the queries on a fresh cluster; no kill when None."""
        with Cluster(workers=0, memory=self.options.memory) as cluster:
            try:
                for _ in range(WORKERS):
                    self.start_worker(cluster)
                cluster.wait_for_workers(WORKERS)
                self.ask(cluster, [6])  # pages of the program and the files are there now
                return self.measure(cluster, kill_after_s)
            finally:
                for worker in cluster.workers:
                    worker.kill()

    def measure(self, cluster, kill_after_s):
        began = time.monotonic()
        future = in_background(self.ask, cluster, self.queries)
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            victim = until(lambda: cluster.busiest() or future.done() and (None, None), "busy worker")[0]
            if victim is None:
                raise SystemExit("the queries ended before the kill: take more --times")
            victim.send(signal.SIGKILL)
        rows = future.result()
        seconds = time.monotonic() - began
        if self.answers is None:
            self.answers = rows
        for query, mine, theirs in zip(self.queries, rows, self.answers, strict=True):
            mine, theirs = (compare.from_text(part[1:], query) for part in (mine, theirs))
            wrong = compare.difference(query, theirs, mine)
            if wrong is not None:
                raise SystemExit(f"q{query}: {wrong}")
        throttled = sum(worker.group.throttled_s() for worker in cluster.workers)
        return seconds, cluster.status()["tasks"]["rerun"], throttled

    def ask(self, cluster, queries):
        texts = [tpch.query_text(query, self.options.scale) for query in queries]
        called = cluster.sql([*self.views, *texts], FLAGS, timeout=900)
        if called.code != 0:
            raise SystemExit(called.message)
        return called.rows[len(self.views) :]

    def close(self):
        for group in self.groups:
            group.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weft", default=harness.WEFT)
    parser.add_argument("--data", required=True)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--queries", default="1,9,18")
    parser.add_argument("--times", type=int, default=3, help="each of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quota", type=float, default=0.4, help="cores of a worker")
    parser.add_argument("--memory", default="1g")
    options = parser.parse_args()
    harness.WEFT = os.path.abspath(options.weft)
    bench = Bench(options)
    whole, hurt, again = [], [], []
    try:
        for number in range(options.rounds):
            seconds, rerun, throttled = bench.run(None)
            if rerun != 0:
                raise SystemExit("tasks ran again though nothing was killed")
            whole.append(seconds)
            seconds, rerun, _ = bench.run(statistics.median(whole) / 2)
            hurt.append(seconds)
            again.append(rerun)
            print(
                f"round {number + 1}: {whole[-1]:6.2f} s undisturbed ({throttled:.1f} s throttled), "
                f"{seconds:6.2f} s with a worker lost, {rerun} tasks ran again",
                flush=True,
            )
    finally:
        bench.close()
    a, b = statistics.median(whole), statistics.median(hurt)
    print(
        f"median {a:.2f} s ({min(whole):.2f} to {max(whole):.2f}) and {b:.2f} s ({min(hurt):.2f} to "
        f"{max(hurt):.2f}): x {b / a:.2f}; tasks that ran again: {statistics.median(again)}"
    )


if __name__ == "__main__":
    main()
