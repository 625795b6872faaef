#!/usr/bin/env python3
"""What workers send each other, by where tasks are placed.

    unshare -n bench/locality.py --data build/data/tpch-1 --weft build/release/weft [--weft OTHER]

In a network of its own, so that all bytes on the loopback are those of the cluster and its clients. Two and
three workers with one core each; all TPC-H queries by one client, then a small aggregation again and again by
three clients at once. Several --weft run one after the other; all answers must be equal."""

import argparse
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests"))
from cluster import Cluster  # noqa: E402
from support import tpch  # noqa: E402

SMALL = """SELECT count(*), max(c) FROM (SELECT s_name, s_address, s_comment, count(*) AS c FROM supplier
GROUP BY s_name, s_address, s_comment);\n"""
CLIENTS, STATEMENTS = 3, 40


def loopback_bytes():
    with open("/proc/net/dev", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.strip().startswith("lo:"))


def ask(weft, master, script, clients):
    """What the clients printed, sorted: each gets the same."""
    running = [subprocess.Popen([weft, "sql", "--master", master, "-S", "--format", "csv", "-f", script],
                                stdout=subprocess.PIPE, text=True) for _ in range(clients)]
    answers = [child.communicate()[0] for child in running]
    if any(child.returncode != 0 for child in running):
        raise SystemExit(f"{weft}: a client has failed")
    return sorted(answers)


def measure(weft, workers, script, clients, rounds):
    """Prints a line a round; the answers. The first round is not counted."""
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Cluster(weft, scratch, [1] * workers)
        try:
            answers = ask(weft, cluster.master, script, clients)
            for number in range(rounds):
                cpu, moved, began = cluster.cpu_s(), loopback_bytes(), time.monotonic()
                if ask(weft, cluster.master, script, clients) != answers:
                    raise SystemExit("ANSWERS DIFFER")
                print(f"{weft}: {workers} workers, {os.path.basename(script)}, round {number}: "
                      f"{(loopback_bytes() - moved) / 1e6:8.2f} MB, {cluster.cpu_s() - cpu:5.2f} CPU s, "
                      f"{time.monotonic() - began:6.2f} s", flush=True)
        finally:
            cluster.close()
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--weft", action="append", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        views = "".join(view + ";\n" for view in tpch.view_statements(options.data))
        scripts = {f"{scratch}/tpch": (views + "".join(tpch.query_text(q) + ";\n" for q in range(1, 23)), 1),
                   f"{scratch}/small": (views + SMALL * STATEMENTS, CLIENTS)}
        for script, (text, clients) in scripts.items():
            with open(script, "w", encoding="utf-8") as file:
                file.write(text)
            for workers in (2, 3):
                answers = [measure(os.path.abspath(weft), workers, script, clients, options.rounds)
                           for weft in options.weft]
                if any(answer != answers[0] for answer in answers):
                    raise SystemExit("ANSWERS DIFFER")


if __name__ == "__main__":
    main()
