#!/usr/bin/env python3
"""Answers of a cluster that nothing happens to: TPC-H, several clients, results larger than any memory."""

import collections
import os
import re

from cluster import WEFT, weft_cli
from cluster_case import HEADROOM_BYTES, TpchCase, digest, in_background, unittest
from support import tpch

LINE_COPIES = 4  # of the line items, to make a result that no process could hold


class Answers(TpchCase):
    def test_all_queries_on_three_workers(self):
        """All 22 are right, and every worker had a part in them."""
        cluster = self.start(workers=3)
        events = os.path.join(cluster.folder, "events.jsonl")
        conf = {"weft.eventLog.path": events}
        self.check(cluster.sql(self.statements(tpch.QUERIES), conf), tpch.QUERIES)
        workers = collections.Counter(
            worker for ends in self.events(events).task_ends().values() for _, worker, _, _ in ends
        )
        self.assertEqual(len(workers), 3, f"tasks by worker: {workers}")
        totals = cluster.status()
        self.assertEqual(totals["tasks"]["rerun"], 0)
        self.assertGreater(totals["bytes_exchanged"], 0)

    def test_exchanges_instead_of_broadcasts(self):
        """Both sides of every join are exchanged."""
        cluster = self.start(workers=3)
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "8"}
        queries = (3, 5, 9, 13, 18, 21, 22)
        self.check(cluster.sql(self.statements(queries), conf), queries)

    def test_what_was_exchanged(self):
        """A stage has read what those before it made, once; EXPLAIN ANALYZE, the job and its stages say the
        same. A job of one stage exchanges nothing."""
        cluster = self.start(workers=3)
        conf = {
            "spark.sql.autoBroadcastJoinThreshold": "-1",
            "spark.sql.shuffle.partitions": "8",
            "weft.test.taskDelay": "5ms",  # stages last, so that they end after they begin by any clock
        }
        text = "EXPLAIN ANALYZE SELECT o_orderpriority, count(*) FROM orders JOIN lineitem ON o_orderkey = "
        text += "l_orderkey GROUP BY o_orderpriority"
        called = self.good(cluster.sql([*self.views, text], conf))
        plan = "\n".join(row[0] for row in called.rows[-1])
        job = cluster.get(f"/api/v1/jobs/{cluster.last_job()['id']}")
        stages = job["stage_list"]
        result = stages[-1]["bytes"]  # which the client reads
        self.assertEqual(job["bytes_exchanged"], sum(stage["bytes"] for stage in stages) - result)
        self.assertEqual(job["bytes_exchanged"], sum(stage["bytes_exchanged"] for stage in stages))
        told = re.findall(r"exchanged (\d+) bytes \(remote (\d+)\)", plan)
        self.assertEqual([int(bytes_) for bytes_, _ in told], [s["bytes_exchanged"] for s in stages])
        self.assertEqual([int(bytes_) for _, bytes_ in told], [s["bytes_exchanged_remote"] for s in stages])
        remote = sum(stage["bytes_exchanged_remote"] for stage in stages)
        self.assertTrue(0 < remote < job["bytes_exchanged"], remote)
        by_node = re.findall(r"exchange_bytes=(\d+) exchange_remote_bytes=(\d+)", plan)
        self.assertEqual(sum(int(bytes_) for bytes_, _ in by_node), job["bytes_exchanged"])
        self.assertEqual(sum(int(bytes_) for _, bytes_ in by_node), remote)
        for stage in stages:
            self.assertLess(stage["submitted"], stage["ended"])
        self.good(cluster.sql(["SELECT 1"]))
        self.assertEqual(cluster.last_job()["bytes_exchanged"], 0)

    def test_two_clients_at_once(self):
        cluster = self.start(workers=2)
        first, second = (1, 3, 6, 9, 12), (18, 4, 21, 14, 2)
        other = in_background(cluster.sql, self.statements(first))
        self.check(cluster.sql(self.statements(second)), second)
        self.check(other.result(), first)
        self.assertEqual(cluster.status()["jobs"]["failed"], 0)

    def test_result_larger_than_memory(self):
        """Every row of a result that is larger than workers and coordinator may hold comes once."""
        limit = 16 << 20
        cluster = self.start(workers=2, memory="16m", coordinator_args=["--memory", "16m"])
        numbers = ", ".join(f"({i})" for i in range(LINE_COPIES))
        text = f"SELECT l.*, n FROM lineitem l, VALUES {numbers} AS t(n)"
        streamed = self.stream(cluster.arguments(), text)
        alone = self.stream(["--master", "local[2]"], text)
        self.assertEqual(streamed, alone)
        self.assertGreater(streamed[1], 3 * limit)
        for process in [cluster.coordinator, *cluster.workers]:
            self.assertLess(process.peak_bytes(), limit + HEADROOM_BYTES, process.name)

    def stream(self, arguments, text):
        """Rows, bytes and a digest that knows no order of what a query gives."""
        path = os.path.join(self.folder(), "query.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(";\n".join([*self.views, text]) + ";\n")
        out = os.path.join(self.folder(), "rows.csv")
        with open(out, "wb") as stdout, open(out + ".err", "wb") as stderr:
            command = [WEFT, "sql", "-S", "--format", "csv", "-f", path, *arguments]
            cost = weft_cli.run_measured(command, stdout, stderr, timeout=300)
        with open(out + ".err", encoding="utf-8", errors="replace") as file:
            self.assertEqual(cost.code, 0, file.read()[-2000:])
        found = digest(out)
        os.remove(out)
        return found


if __name__ == "__main__":
    unittest.main(verbosity=2)
