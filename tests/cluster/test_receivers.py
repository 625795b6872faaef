#!/usr/bin/env python3
"""Scenario 35: who receives stands still in the middle of it. The senders' memory stays flat, everybody else
goes on, nobody is declared dead, and the answer is the same."""

import os
import time

from cluster import WEFT, Process, weft_cli
from cluster_case import HEADROOM_BYTES, SANITIZED, TpchCase, digest, in_background, unittest, until

EXCHANGED = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "6"}
STOPPED_S = 3
TRIES = 10  # to catch a worker while it reads: on a quick machine that is a few milliseconds
COPIES = 1 if SANITIZED else 4  # of the line items: more than any process may hold
LIMIT, LIMIT_TEXT = 8 << 20, "8m"
FIRST_BYTES = 1 << 20
FLAT_BYTES = HEADROOM_BYTES // 4  # by which a process may grow meanwhile


def copies(columns, count=COPIES):
    numbers = ", ".join(f"({i})" for i in range(count))
    return f"SELECT {columns} FROM lineitem l, VALUES {numbers} AS t(n)"


def all_exchanged(count):
    """Both sides are, and each row that arrives has work to be done."""
    wide = copies("l_orderkey k, n, concat(l_comment, l_shipinstruct, l_shipmode) s", count)
    return (
        "SELECT count(*), sum(length(regexp_replace(concat(s, o_comment), '([aeiou])[a-z]', '$1$1'))) "
        f"FROM ({wide}) w JOIN orders o ON w.k = o.o_orderkey"
    )


class Receivers(TpchCase):
    def watch(self, processes, seconds):
        """The most that each grows in this time."""
        before = [process.resident_bytes() for process in processes]
        grown, end = [0] * len(processes), time.monotonic() + seconds
        while time.monotonic() < end:
            for i, process in enumerate(processes):
                grown[i] = max(grown[i], process.resident_bytes() - before[i])
            time.sleep(0.05)
        return grown

    def test_worker_that_reads(self):
        """Its holders keep what it asked for and no more; another query is answered by the other workers."""
        options = ["--worker-timeout", "120s"]
        cluster = self.start(workers=3, memory="16m", coordinator_args=options)
        alone = self.good(weft_cli.run_statements(WEFT, [*self.views, all_exchanged(1)], timeout=300))
        for _ in range(TRIES):
            future = in_background(cluster.sql, [*self.views, all_exchanged(COPIES)], EXCHANGED)
            late = future.done
            reader = until(lambda: cluster.pause_a_reader() or late() and "late", "worker in mid-fetch")
            if reader != "late":
                break
        self.assertNotEqual(reader, "late", f"{TRIES} queries ended before a worker was caught at reading")
        began = time.monotonic()
        senders = [worker for worker in cluster.workers if worker is not reader]
        until(lambda: cluster.status()["workers"]["silent"] == 1, "silent worker")
        other = in_background(cluster.sql, self.statements([3, 18]), EXCHANGED)
        grown = self.watch(senders, 1)
        self.check(other.result(), [3, 18])
        self.watch(senders, max(0, STOPPED_S - (time.monotonic() - began)))
        self.assertFalse(future.done())
        reader.resume()
        expected = [str(COPIES * int(value)) for value in alone.rows[-1][1]]
        self.assertEqual(self.good(future.result()).rows[-1][1], expected)
        self.assertLess(max(grown), FLAT_BYTES)
        self.assertEqual(cluster.status()["workers"]["lost"], 0)
        cluster.wait_for_workers(3)
        self.check(cluster.sql(self.statements([6])), [6])

    def test_client(self):
        """It stops while a large result streams to it: nobody else keeps the rows for it."""
        cluster = self.start(workers=2, memory=LIMIT_TEXT, coordinator_args=["--memory", LIMIT_TEXT])
        path = os.path.join(cluster.folder, "query.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(";\n".join([*self.views, copies("l.*, n")]) + ";\n")
        words = [WEFT, "sql", "-S", "--format", "csv", "-f", path]
        alone = Process("alone", [*words, "--master", "local[2]"], cluster.folder)
        client = Process("client", [*words, *cluster.arguments()], cluster.folder)
        cluster.clients += [alone, client]
        until(lambda: os.path.getsize(client.output) > FIRST_BYTES, "first rows")
        client.pause()
        size = os.path.getsize(client.output)
        time.sleep(0.5)  # what was under way
        grown = self.watch([cluster.coordinator, *cluster.workers], STOPPED_S)
        self.check(cluster.sql(self.statements([6])), [6])
        client.resume()
        self.assertEqual(client.child.wait(120), 0, client.text()[-2000:])
        self.assertEqual(alone.child.wait(120), 0)
        self.assertEqual(digest(client.output), digest(alone.output))
        self.assertGreater(os.path.getsize(client.output), size + LIMIT, "it was stopped too late")
        self.assertLess(max(grown), FLAT_BYTES)
        self.assertEqual(cluster.status()["workers"]["lost"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
