#!/usr/bin/env python3
"""A build side that one task made and every worker reads: it leaves its holder twice, and goes on from worker
to worker; a worker that dies in between costs nothing but the way to the holder."""

import os
import re
import shutil

from cluster import WEFT, weft_cli
from cluster_case import DATA, SLOW, TpchCase, in_background, unittest, until

TRIES = 6
COPIES = 8  # of line items, so that every worker has some
BUILD = "(SELECT o_orderkey k, repeat(o_comment, {}) c FROM orders ORDER BY o_orderkey LIMIT 30000)"
CONF = {**SLOW, "spark.sql.autoBroadcastJoinThreshold": "1g"}


def query(times):
    return (
        "SELECT count(*), sum(length(c)), min(c), max(c) FROM items "
        f"JOIN {BUILD.format(times)} ON l_orderkey = k"
    )


class Relays(TpchCase):
    def views_of_many(self):
        """The views, and one of the line items several times."""
        folder = os.path.join(self.folder(), "items")
        if not os.path.exists(folder):
            os.makedirs(folder)
            for name in os.listdir(os.path.join(DATA, "lineitem.parquet")):
                for copy in range(COPIES if name.endswith(".parquet") else 0):
                    shutil.copy(os.path.join(DATA, "lineitem.parquet", name), f"{folder}/{copy}-{name}")
        return [*self.views, f"CREATE TEMPORARY VIEW items USING parquet OPTIONS (path '{folder}')"]

    def in_one_process(self, text):
        return self.good(weft_cli.run_statements(WEFT, [*self.views_of_many(), text], timeout=120)).rows[-1]

    def served(self, cluster):
        """What each worker that is alive says at its end: numbers of its block server, by its name."""
        numbers = {}
        for worker in cluster.workers:
            if not worker.alive:
                continue
            self.assertEqual(worker.end(), 0)
            line = next(line for line in worker.text().splitlines() if "blocks_served" in line)
            numbers[worker.name] = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)\b", line)}
        return numbers

    def test_it_leaves_its_holder_twice(self):
        """Four read it: two of them from the holder, two from those. A machine that stands still for so long
        that a relay is given up shows it in a counter: then once more."""
        text = query(8)
        expected = self.in_one_process(text)
        for _ in range(TRIES):
            cluster = self.start(workers=5)
            called = self.good(cluster.sql([*self.views_of_many(), text], CONF))
            self.assertEqual(called.rows[-1], expected)
            job = cluster.last_job()
            numbers = self.served(cluster)
            relayed = sum(n["relayed"] for n in numbers.values())
            arrived = [n["from_relays"] for n in numbers.values() if n["from_relays"] > 0]
            if any(n["fallbacks"] for n in numbers.values()) or len(arrived) < 2:
                continue
            block = max(arrived)
            self.assertGreater(block, 4 << 20)
            self.assertEqual(relayed, sum(arrived))
            self.assertEqual(relayed, 2 * block)  # of the four times that it is read
            self.assertGreater(job["bytes_relayed"], 0)
            for name, n in numbers.items():
                self.assertLessEqual(n["relayed"], 2 * block, f"{name} was asked by more than two")
            return
        self.fail("in no try each of five workers had a task and no relay was given up")

    def test_a_plan_tells_of_it(self):
        """EXPLAIN ANALYZE names the bytes with the stage that read them; they are those of the job."""
        cluster = self.start(workers=5)
        for _ in range(TRIES):
            called = self.good(cluster.sql([*self.views_of_many(), "EXPLAIN ANALYZE " + query(8)], CONF))
            text = "\n".join(row[0] for row in called.rows[-1])
            told = sum(int(bytes_) for bytes_ in re.findall(r"^  relayed (\d+) bytes", text, re.MULTILINE))
            self.assertEqual(told, cluster.last_job()["bytes_relayed"], text)
            if told > 0:
                return
        self.fail("in no try was anything relayed")

    def test_a_relay_is_killed(self):
        """kill -9 of one that others ask, while they do: they go on from the holder."""
        text = query(40)
        expected = self.in_one_process(text)
        for round_ in range(TRIES):
            cluster = self.start(workers=7, memory="384m")
            future = in_background(cluster.sql, [*self.views_of_many(), text], CONF)
            until(lambda: future.done() or self.stages_done(cluster) >= 2, "build side")
            cluster.workers[1 + round_ % 2].kill()
            self.assertEqual(self.good(future.result()).rows[-1], expected)
            cluster.wait_for_workers(6)
            if any(n["fallbacks"] for n in self.served(cluster).values()):
                return
        self.fail(f"in {TRIES} tries nobody was asking the worker that was killed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
