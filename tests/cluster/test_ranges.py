#!/usr/bin/env python3
"""ORDER BY over several workers: each task of the last stage gives a range of the keys."""

from cluster import WEFT, weft_cli
from cluster_case import SLOW, TpchCase, in_background, unittest, until

TRIES = 6
QUERY = (
    "SELECT l_comment, l_orderkey, l_linenumber FROM lineitem "
    "ORDER BY l_comment DESC, l_orderkey, l_linenumber"
)
CONF = {**SLOW, "spark.sql.shuffle.partitions": "6"}


class Ranges(TpchCase):
    def by_one_task(self):
        one = ["--conf", "weft.sort.byRange=false"]
        return self.good(weft_cli.run_statements(WEFT, [*self.views, QUERY], one, timeout=300)).rows[-1]

    def last_stage(self, cluster):
        return cluster.get(f"/api/v1/jobs/{cluster.last_job()['id']}")["stage_list"][-1]

    def test_the_last_stage_has_several_tasks(self):
        expected = self.by_one_task()
        cluster = self.start(workers=3)
        called = self.good(cluster.sql([*self.views, QUERY], CONF))
        self.assertEqual(called.rows[-1], expected)
        self.assertGreater(self.last_stage(cluster)["tasks"], 1)
        called = self.good(cluster.sql([*self.views, QUERY], {**CONF, "weft.sort.byRange": "false"}))
        self.assertEqual(called.rows[-1], expected)
        self.assertEqual(self.last_stage(cluster)["tasks"], 1)

    def test_a_worker_is_killed_while_they_merge(self):
        """Its runs are made again, maybe cut into pages otherwise; the bounds stay as they were."""
        expected = self.by_one_task()
        for _ in range(TRIES):
            cluster = self.start(workers=3)
            slow = {**CONF, "weft.test.taskDelay": "500ms"}
            future = in_background(cluster.sql, [*self.views, QUERY], slow)
            until(lambda: future.done() or self.stages_done(cluster) >= 1, "the sorted runs")  # noqa: B023
            cluster.workers[1].kill()
            self.assertEqual(self.good(future.result()).rows[-1], expected)
            if cluster.last_job()["workers_lost"] > 0:
                self.assertGreater(self.last_stage(cluster)["tasks"], 1)
                return
        self.fail(f"in {TRIES} tries no worker was killed in time")


if __name__ == "__main__":
    unittest.main(verbosity=2)
