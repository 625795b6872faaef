#!/usr/bin/env python3
"""The cluster against one process, on the loopback of one machine.

    bench/cluster.py --data build/data/tpch-1 [--weft build/release/weft] [--rounds 3] [--jobs 1000]

TPC-H, all queries by one client, in turn: `local[2]`; a cluster of one worker with two cores; one of two
workers with one core each. "CPU" is that of all processes of a contender together. The answers are compared.
Then: how long a job of one task takes (`SELECT 1` by the C interface), what an idle worker takes, and how
long a worker needs from its start to its first task."""

import argparse
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests"))
from support import tpch  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
READY_S = 20


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) / 1024


class Cluster:
    """A coordinator and workers with so many cores each; ended by their pids."""

    def __init__(self, weft, scratch, cores):
        self.weft, self.scratch, self.children = weft, scratch, []
        line = self.start("coordinator", "--port", "0", "--webui-port", "0", "--work-dir", f"{scratch}/c")
        self.master = next(word.rstrip(",") for word in line.split() if word.startswith("weft://"))
        for i, count in enumerate(cores):
            self.worker(i, count)

    def worker(self, number, cores):
        self.start("worker", self.master, "--host", "127.0.0.1", "--port", "0", "--cores", str(cores),
                   "--memory", "4g", "--work-dir", f"{self.scratch}/w{number}")

    def start(self, *arguments):
        """The line that a process says when it is ready."""
        with open(f"{self.scratch}/{len(self.children)}.err", "w") as errors:
            child = subprocess.Popen([self.weft, *arguments], stdout=subprocess.PIPE, stderr=errors,
                                     text=True)
        self.children.append(child)
        line = child.stdout.readline()
        if "ready" not in line:
            raise SystemExit(f"weft {arguments[0]} does not start: see {errors.name}")
        return line

    def cpu_s(self):
        return sum(cpu_s(child.pid) for child in self.children)

    def close(self):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            child.wait(READY_S)
            child.stdout.close()


def run(weft, script, master):
    """(wall seconds, CPU seconds of the client, what it printed)"""
    before, began = os.times(), time.monotonic()
    done = subprocess.run([weft, "sql", "--master", master, "-S", "--format", "csv", "-f", script],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{master}: {done.stderr[-2000:]}")
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, spent, done.stdout


def compare(options, script):
    names = {"local[2]": None, "one worker of 2 cores": [2], "two workers of 1 core": [1, 1]}
    walls, cpus, answers = {}, {}, {}
    for _ in range(options.rounds):
        for name, cores in names.items():
            if cores is None:
                wall, spent, answer = run(options.weft, script, name)
            else:
                with tempfile.TemporaryDirectory() as scratch:
                    cluster = Cluster(options.weft, scratch, cores)
                    try:
                        before = cluster.cpu_s()
                        wall, spent, answer = run(options.weft, script, cluster.master)
                        spent += cluster.cpu_s() - before
                    finally:
                        cluster.close()
            walls.setdefault(name, []).append(wall)
            cpus.setdefault(name, []).append(spent)
            answers[name] = answer
    base_wall, base_cpu = statistics.median(walls["local[2]"]), statistics.median(cpus["local[2]"])
    for name in names:
        wall, spent = statistics.median(walls[name]), statistics.median(cpus[name])
        same = "" if answers[name] == answers["local[2]"] else "   ANSWERS DIFFER"
        print(f"{name:24} {wall:7.2f} s {spent:7.2f} CPU s   x {wall / base_wall:.2f}   "
              f"x {spent / base_cpu:.2f} CPU{same}", flush=True)


class Client:
    """Statements by the C interface."""

    def __init__(self, library, master):
        self.library = ctypes.CDLL(library)
        self.library.weft_client_open.restype = ctypes.c_void_p
        self.error = ctypes.create_string_buffer(8192)
        self.handle = ctypes.c_void_p(self.library.weft_client_open(master.encode(), None, 0, self.error))
        if not self.handle:
            raise SystemExit(f"{master}: the client does not connect")
        self.stream = ctypes.create_string_buffer(256)

    def run(self, sql):
        code = self.library.weft_client_sql(self.handle, sql.encode(), self.stream, self.error)
        if code != 0:
            raise SystemExit(f"{sql}: {code}")
        release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(
            ctypes.c_void_p.from_buffer(self.stream, 3 * ctypes.sizeof(ctypes.c_void_p)).value)
        release(ctypes.addressof(self.stream))

    def close(self):
        self.library.weft_client_close(ctypes.byref(self.handle))


def small_jobs(options):
    library = os.path.join(os.path.dirname(os.path.abspath(options.weft)), "libweft.so")
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Cluster(options.weft, scratch, [1])
        try:
            print(f"{'idle worker':24} {resident_mb(cluster.children[1].pid):7.1f} MB resident")
            client = Client(library, cluster.master)
            times = []
            for _ in range(options.jobs):
                began = time.perf_counter()
                client.run("SELECT 1")
                times.append((time.perf_counter() - began) * 1000)
            client.close()
            times.sort()
            print(f"{'job of one task':24} {times[len(times) // 2]:7.3f} ms in the middle, "
                  f"{times[len(times) * 99 // 100]:.3f} ms at 99 %")
        finally:
            cluster.close()
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Cluster(options.weft, scratch, [])
        try:
            client = Client(library, cluster.master)
            began = time.perf_counter()
            cluster.worker(0, 1)
            client.run("SELECT 1")
            print(f"{'start to first answer':24} {(time.perf_counter() - began) * 1000:7.1f} ms")
            client.close()
        finally:
            cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of the TPC-H Parquet files")
    parser.add_argument("--weft", default="build/release/weft")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        script = f"{scratch}/tpch.sql"
        with open(script, "w") as file:
            for view in tpch.view_statements(options.data):
                file.write(view + ";\n")
            for query in range(1, 23):
                file.write(tpch.query_text(query, 1) + ";\n")
        compare(options, script)
    small_jobs(options)


if __name__ == "__main__":
    main()
