#!/usr/bin/env python3
"""The coordinator is killed and started again on the same folder and port: clients do not notice."""

import os
import subprocess
import threading
import time

from cluster import PATIENCE_S, WEFT
from cluster_case import ClusterCase, TpchCase, unittest, until

LARGE = "SELECT l_orderkey, l_linenumber, repeat(l_comment, 20) AS text FROM lineitem"
ROWS_BEFORE = 2000  # a client reads so many, then the coordinator dies
WINDOW_BYTES = 4 << 20  # of pages that a client takes beyond what it has read


def restart(cluster):
    cluster.coordinator.kill()
    cluster.start_coordinator()


def bytes_below(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


class Client:
    """A `weft sql` whose statements are written one by one, and its rows read as slowly as one likes."""

    def __init__(self, case, cluster):
        words = [WEFT, "sql", "-S", "--format", "csv", *cluster.arguments()]
        self.errors = os.path.join(case.folder(), "errors")
        with open(self.errors, "wb") as errors:
            self.child = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=case.folder()
            )
        self.limit = threading.Timer(PATIENCE_S, self.child.kill)  # a wait for its output ends then
        self.limit.start()
        case.addCleanup(self.end)

    def say(self, text):
        self.child.stdin.write((text + ";\n").encode())
        self.child.stdin.flush()

    def line(self):
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError(f"the client has ended: {self.said()}")
        return line.decode().rstrip("\n")

    def lines_to(self, last):
        while self.line() != last:
            pass

    def finish(self):
        """What is left of its output, and its exit code."""
        self.child.stdin.close()
        rest = self.child.stdout.read().decode().splitlines()
        return rest, self.child.wait(PATIENCE_S)

    def said(self):
        with open(self.errors, encoding="utf-8") as file:
            return file.read()

    def end(self):
        self.limit.cancel()
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class Sessions(ClusterCase):
    def test_views_and_settings_survive(self):
        """Between two statements, three times; a query view, a table of files, a setting, a dropped view."""
        cluster = self.start(workers=1)
        folder = os.path.join(self.folder(), "t")
        client = Client(self, cluster)
        client.say("SET weft.sql.session.timeZone=Asia/Tokyo")
        client.say("CREATE TEMPORARY VIEW v (a) AS SELECT 20")
        client.say("CREATE TEMPORARY VIEW gone AS SELECT 1")
        client.say("DROP VIEW gone")
        client.say(f"CREATE TABLE t USING parquet LOCATION '{folder}' AS SELECT a + 1 AS b FROM v")
        asked = "SELECT a, b, cast(timestamp'2024-01-01 00:00:00' AS bigint) AS s FROM v, t"
        for _ in range(3):
            client.say(asked)
            client.lines_to("a,b,s")
            self.assertEqual(client.line(), "20,21,1704034800")
            restart(cluster)
            cluster.wait_for_workers(1)
        client.say("SHOW TABLES")
        client.say("CREATE TEMPORARY VIEW w AS SELECT 1")
        rest, code = client.finish()
        self.assertEqual((rest[1:], code), (['default,t,false', '"",v,true'], 0), client.said())
        self.assertEqual(client.said(), "")
        self.assertIn("sessions_recovered sessions=1", cluster.coordinator.text())

    def test_a_session_without_anything_of_its_own(self):
        """It begins anew under its name; nobody hears of it."""
        cluster = self.start(workers=1)
        client = Client(self, cluster)
        client.say("SELECT 1 AS x")
        self.assertEqual([client.line(), client.line()], ["x", "1"])
        restart(cluster)
        cluster.wait_for_workers(1)
        client.say("SELECT 2 AS x")
        rest, code = client.finish()
        self.assertEqual((rest, code, client.said()), (["x", "2"], 0, ""))

    def test_sessions_without_a_client_end(self):
        """A session that nobody comes back to is kept for its time, then its record is ended too."""
        cluster = self.start(workers=0, coordinator_args=["--session-grace", "500ms"])
        client = Client(self, cluster)
        client.say("CREATE TEMPORARY VIEW v AS SELECT 1")
        client.say("SHOW TABLES")
        client.lines_to('"",v,true')
        client.child.kill()
        restart(cluster)
        self.assertIn("sessions_recovered sessions=1", cluster.coordinator.text())
        journal = os.path.join(cluster.coordinator.folder, "work", "journal")
        begin = bytes_below(journal)
        until(lambda: bytes_below(journal) > begin, "record of the session's end")
        restart(cluster)
        self.assertEqual(cluster.coordinator.text().count("sessions_recovered"), 1)


class Statements(TpchCase):
    def test_a_statement_that_runs(self):
        """Its client waits, and has the answer without an error; it is one job, and what was done of it is
        not done again."""
        cluster = self.start(workers=2)
        future, _ = self.run_query(cluster, 9, {"weft.test.taskDelay": "200ms"})
        until(lambda: self.stages_done(cluster) >= 2, "finished stages")
        begun = {job["id"] for job in cluster.running_jobs()}
        done = cluster.tasks_done()
        restart(cluster)
        until(lambda: cluster.tasks_done() >= done or future.done(), "the job, as far as it was")
        self.check(future.result(), [9])
        (job,) = cluster.jobs()
        self.assertEqual(({job["id"]}, job["state"]), (begun, "SUCCEEDED"))
        self.assertLessEqual(job["tasks_rerun"], 2 * cluster.cores, "more than what was under way ran again")

    def test_told_to_end(self):
        """SIGTERM: what its sessions run is left to the next one, and no client hears of it."""
        cluster = self.start(workers=2)
        future, _ = self.run_query(cluster, 3, {"weft.test.taskDelay": "200ms"})
        until(lambda: self.stages_done(cluster) >= 1, "a finished stage")
        self.assertEqual(cluster.coordinator.end(), 0)
        cluster.start_coordinator()
        self.check(future.result(), [3])
        self.assertEqual([job["state"] for job in cluster.jobs()], ["SUCCEEDED"])

    def test_a_result_that_is_read(self):
        """Every row comes once, in the order in which it would have come, also when a worker dies then."""
        cluster = self.start(workers=2)
        whole = self.read(cluster, lambda: None)
        self.assertTrue(self.read(cluster, lambda: restart(cluster)) == whole, "the rows are others")

        def restart_and_kill():
            restart(cluster)
            cluster.wait_for_workers(2)
            cluster.workers[0].kill()

        self.assertTrue(self.read(cluster, restart_and_kill) == whole, "the rows are others")
        self.assertNotIn("recovering jobs=0", cluster.coordinator.text(), "a result was not on record")

    def test_results_in_no_order(self):
        """Each row once, read to its end by a client that is slower than the job is young."""
        cluster = self.start(workers=2)
        whole = self.read(cluster, lambda: None, "")
        for pause_s in (0.3, 0):  # at first, and before the job is old enough for a record
            again = self.read(cluster, lambda: (time.sleep(pause_s), restart(cluster)), "")  # noqa: B023
            self.assertEqual(sorted(again), sorted(whole))
        self.assertNotIn("recovering jobs=0", cluster.coordinator.text(), "a result was not on record")

    def read(self, cluster, between, order=" ORDER BY 1, 2"):
        client = Client(self, cluster)
        for view in self.views:
            client.say(view)
        client.say(LARGE + order)
        client.lines_to("l_orderkey,l_linenumber,text")
        rows = [client.line() for _ in range(ROWS_BEFORE)]
        between()
        rest, code = client.finish()
        self.assertEqual((code, client.said()), (0, ""))
        self.assertGreater(sum(map(len, rest)), 3 * WINDOW_BYTES, "all was there when the coordinator died")
        return rows + rest


if __name__ == "__main__":
    unittest.main(verbosity=2)
