#!/usr/bin/env python3
"""What the death of the leading coordinator costs.

    bench/failover.py [--weft build/release/weft] [--stages 1,100,1000] [--rounds 3] [--timeout 1s]

Two coordinators with a real ZooKeeper (sessions of --timeout), two workers. Up to ten clients run a statement
each, whose branches make so many stages in all that are under way at the same time, and as many behind them;
tasks do nothing for a while. The leader is killed (kill -9) in the middle of that. By the workers' own logs:
seconds from the kill until the next one leads, until the first worker is registered there, and until the
first task that it launched ends; then how long all took against the undisturbed run, how many tasks began
twice, and how many of these had ended well. Medians of the rounds."""

import argparse
import ctypes
import os
import re
import statistics
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "cluster"))
import cluster as harness  # noqa: E402
import takeovers  # noqa: E402
from cancel import Error, Stream  # noqa: E402
from leaders import Leaders  # noqa: E402

WORK_S = 6  # what all tasks of a run take together on all slots, about
SLOTS = 16
CORES = str(SLOTS // 2)
CLIENTS = 10
BRANCH = b"SELECT x, count(*) FROM VALUES (1), (2), (3) AS t(x) GROUP BY x"


class Clients:
    """Sessions of one process, a thread each."""

    def __init__(self, library, cluster, stages, delay_ms):
        self.library = ctypes.CDLL(library)
        self.library.weft_client_open.restype = ctypes.c_void_p
        pairs = [b"weft.keys.dir", cluster.keys.encode(), b"weft.test.taskDelay", b"%dms" % delay_ms]
        self.settings = (ctypes.c_char_p * len(pairs))(*pairs)
        self.url, self.errors = cluster.url.encode(), []
        count = min(stages, CLIENTS)
        self.statement = b" UNION ALL ".join([BRANCH] * (stages // count))
        self.handles = [self.open() for _ in range(count)]

    def open(self):
        error = Error()
        handle = self.library.weft_client_open(self.url, self.settings, 2, ctypes.byref(error))
        if not handle:
            raise SystemExit(error.message.decode())
        return ctypes.c_void_p(handle)

    def run_one(self, handle):
        stream, error = Stream(), Error()
        code = self.library.weft_client_sql(
            handle, self.statement, ctypes.byref(stream), ctypes.byref(error))
        if code != 0:
            self.errors.append(error.message.decode())
        else:
            stream.release(ctypes.addressof(stream))

    def begin(self):
        threads = [threading.Thread(target=self.run_one, args=(handle,)) for handle in self.handles]
        for thread in threads:
            thread.start()
        return threads

    def close(self):
        for handle in self.handles:
            self.library.weft_client_close(ctypes.byref(handle))


def run(options, library, stages, is_killed):
    """(seconds of all, what the kill cost: a dict)"""
    delay_ms = min(WORK_S * 500, WORK_S * 1000 * SLOTS // (2 * stages))
    with Leaders(timeout=options.timeout) as cluster:
        cluster.worker_args = ["--cores", CORES, *takeovers.WORKER_ARGS]
        for _ in range(2):
            cluster.start_worker()
        clients = Clients(library, cluster, stages, delay_ms)
        began = time.time()
        threads = clients.begin()
        leader = cluster.leader()
        cost = {}
        if is_killed:
            time.sleep(WORK_S * 0.5)
            at = time.time()
            cluster.coordinators[leader].kill()
        for thread in threads:
            thread.join()
        seconds = time.time() - began
        if clients.errors:
            raise SystemExit(f"{len(clients.errors)} statements failed: {clients.errors[0]}")
        if is_killed:
            cost = measure(cluster, 1 - leader, at)
        clients.close()
        return seconds, cost


def measure(cluster, follower, at):
    led = re.findall(r"^(\S+) INFO leads ", cluster.coordinators[follower].text(), re.MULTILINE)[-1]
    found = takeovers.attempts(cluster.workers)
    epoch = max(attempt.epoch for attempt in found)
    registered = [
        takeovers.seconds(stamp)
        for worker in cluster.workers
        for stamp, of in takeovers.REGISTERED.findall(worker.text())
        if int(of) == epoch
    ]
    begun, again = set(), 0
    for attempt in found:
        if attempt.event == "begins":
            again += attempt.task in begun
            begun.add(attempt.task)
    ends = [a.at for a in found if a.event == "ends" and a.epoch == epoch]
    return {
        "leads_s": takeovers.seconds(led) - at,
        "worker_s": min(registered) - at,
        "task_s": min(ends) - at,
        "tasks": len(begun),
        "began_twice": again,
        "ended_before": len(takeovers.ran_again(found)),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weft", default=harness.WEFT)
    parser.add_argument("--stages", default="1,100,1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", default="1s", help="of sessions with ZooKeeper")
    options = parser.parse_args()
    library = os.path.join(os.path.dirname(os.path.abspath(options.weft)), "libweft.so")
    for stages in map(int, options.stages.split(",")):
        pairs = []
        for _ in range(options.rounds):
            quiet, _ = run(options, library, stages, False)
            seconds, cost = run(options, library, stages, True)
            pairs.append({"undisturbed_s": quiet, "killed_s": seconds, "more_s": seconds - quiet, **cost})
        middle = {key: statistics.median(pair[key] for pair in pairs) for key in pairs[0]}
        texts = (f"{key} {value:.2f}" for key, value in middle.items())
        print(f"{stages} stages: " + ", ".join(texts), flush=True)


if __name__ == "__main__":
    main()
