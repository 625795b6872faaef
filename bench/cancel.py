#!/usr/bin/env python3
"""How long a statement goes on after it was told to stop: the distribution over random moments.

    cancel.py --data build/data/tpch-1 [--runs 200] [--seed 1] [--weft build/release/weft]

Statements of every kind (scan, join, aggregation, sort, spilling, planning, write, many small files) are
cancelled through the C interface (libweft.so beside the program), and by SIGINT to `weft sql`. "CPU" is what
all threads of the process spent meanwhile: on a busy machine it tells more than the clock. Needs pyarrow for
the small files."""

import argparse
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests"))
sys.dont_write_bytecode = True
from support import tpch  # noqa: E402

SMALL_FILES = 3000

BRANCHES = " UNION ".join(
    f"SELECT n_name, {i} k FROM nation JOIN region ON n_regionkey = r_regionkey WHERE r_name <> 'x{i}'"
    for i in range(2000))

# name: statement, most seconds before it is cancelled. Those that were done before do not count.
KINDS = {
    "scan": ("SELECT count(*) FROM lineitem WHERE l_comment LIKE '%a%b%c%d%e%'", 0.3),
    "join": ("SELECT count(*) FROM lineitem a JOIN lineitem b USING (l_suppkey) WHERE a.l_tax < b.l_tax", 2),
    "loop join": ("SELECT count(*) FROM orders a, orders b WHERE a.o_totalprice < b.o_totalprice", 2),
    "aggregation": (
        "SELECT count(*) FROM (SELECT l_orderkey, l_partkey, sum(l_tax) FROM lineitem GROUP BY 1, 2)", 1),
    "sort": ("SELECT * FROM lineitem ORDER BY l_comment, l_orderkey", 2),
    "window": (
        "SELECT max(r) FROM (SELECT rank() OVER (PARTITION BY l_suppkey ORDER BY l_tax) r FROM lineitem)",
        1.5),
    "spill": ("SELECT l_comment, count(*) FROM lineitem GROUP BY l_comment ORDER BY 2, 1", 3),
    "planning": (f"EXPLAIN SELECT count(*) FROM ({BRANCHES})", 0.3),
    "write": ("INSERT OVERWRITE DIRECTORY '{out}' USING parquet SELECT * FROM lineitem", 2),
    "small files": ("SELECT count(*), sum(length(v)) FROM parquet.`{small}`", 0.3),
}


class Stream(ctypes.Structure):
    _fields_ = [("get_schema", ctypes.c_void_p), ("get_next", ctypes.c_void_p),
                ("get_last_error", ctypes.c_void_p), ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
                ("private_data", ctypes.c_void_p)]


class Error(ctypes.Structure):
    _fields_ = [("error_class", ctypes.c_char * 96), ("sqlstate", ctypes.c_char * 8),
                ("message", ctypes.c_char * 2048), ("hint", ctypes.c_char * 512),
                ("line", ctypes.c_int32), ("column", ctypes.c_int32)]


class Client:
    def __init__(self, library, settings):
        self.library = ctypes.CDLL(library)
        self.library.weft_client_open.restype = ctypes.c_void_p
        pairs = [text.encode() for pair in settings.items() for text in pair]
        self.error = Error()
        self.handle = ctypes.c_void_p(self.library.weft_client_open(
            b"local[2]", (ctypes.c_char_p * len(pairs))(*pairs), len(settings), ctypes.byref(self.error)))
        if not self.handle:
            raise SystemExit(self.error.message.decode())

    def run(self, sql):
        """(ended well, when)"""
        stream = Stream()
        code = self.library.weft_client_sql(
            self.handle, sql.encode(), ctypes.byref(stream), ctypes.byref(self.error))
        end = time.monotonic()
        if code == 0:
            stream.release(ctypes.addressof(stream))
        elif self.error.error_class != b"OPERATION_CANCELED":
            raise SystemExit(f"{sql}\n{self.error.error_class.decode()}: {self.error.message.decode()}")
        return code == 0, end

    def cancel(self):
        self.library.weft_client_cancel(self.handle)

    def close(self):
        self.library.weft_client_close(ctypes.byref(self.handle))


def make_small_files(folder):
    import pyarrow
    import pyarrow.parquet
    os.makedirs(folder)
    for i in range(SMALL_FILES):
        table = pyarrow.table({"k": [i, i + 1], "v": [f"value {i}", None]})
        pyarrow.parquet.write_table(table, f"{folder}/part-{i:05}.parquet")


def by_interface(client, sql, most, runs):
    delays, spent = [], []
    for _ in range(runs):
        box = []
        thread = threading.Thread(target=lambda: box.append(client.run(sql)))
        thread.start()
        time.sleep(random.uniform(0.005, most))
        told, before = time.monotonic(), time.process_time()
        client.cancel()
        thread.join()
        if not box[0][0]:
            delays.append((box[0][1] - told) * 1000)
            spent.append((time.process_time() - before) * 1000)
    return delays, spent


def by_signal(weft, script, most, runs):
    """Until the error is shown, and until the process has gone."""
    shown, gone = [], []
    for _ in range(runs):
        child = subprocess.Popen([weft, "sql", "--master", "local[2]", "-S", "-f", script],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.05 + random.uniform(0.005, most))
        told = time.monotonic()
        child.send_signal(signal.SIGINT)
        first = os.read(child.stderr.fileno(), 4096)
        answered = time.monotonic()
        if child.wait() == 130 and b"OPERATION_CANCELED" in first:
            shown.append((answered - told) * 1000)
            gone.append((time.monotonic() - told) * 1000)
        child.stderr.close()
    return shown, gone


def show(name, delays):
    delays = sorted(delays)
    if not delays:
        print(f"{name:28} was never caught running")
        return
    at = lambda share: delays[min(len(delays) - 1, int(share * len(delays)))]  # noqa: E731
    print(f"{name:28} n={len(delays):4} p50={at(0.5):6.1f} p90={at(0.9):6.1f} p99={at(0.99):6.1f} "
          f"max={delays[-1]:6.1f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of the TPC-H Parquet files")
    parser.add_argument("--weft", default="build/release/weft")
    parser.add_argument("--runs", type=int, default=200, help="runs in all, by each way")
    parser.add_argument("--interface-only", action="store_true", help="no SIGINT")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}")
    scratch = tempfile.mkdtemp(prefix="weft-cancel-")
    views = tpch.view_statements(arguments.data)
    library = os.path.join(os.path.dirname(os.path.abspath(arguments.weft)), "libweft.so")
    runs = max(1, arguments.runs // len(KINDS))
    whole = {"interface": [], "interface, CPU": [], "signal": [], "signal, process gone": []}
    try:
        make_small_files(f"{scratch}/small")
        for name, (sql, most) in KINDS.items():
            sql = sql.format(out=f"{scratch}/out", small=f"{scratch}/small")
            client = Client(library, {"weft.memory.limit": "64m" if name == "spill" else "2g"})
            for view in views:
                client.run(view)
            delays, spent = by_interface(client, sql, most, runs)
            client.close()
            show(name, delays)
            show(f"{name}, CPU", spent)
            whole["interface"] += delays
            whole["interface, CPU"] += spent
            if arguments.interface_only:
                continue
            with open(f"{scratch}/script.sql", "w") as file:
                file.write(";\n".join([*views, sql]))
            shown, gone = by_signal(arguments.weft, f"{scratch}/script.sql", most, runs)
            show(f"{name}, SIGINT", shown)
            whole["signal"] += shown
            whole["signal, process gone"] += gone
        for way, delays in whole.items():
            if way.startswith("signal") and arguments.interface_only:
                continue
            show(f"all by {way}", delays)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
