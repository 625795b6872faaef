#!/usr/bin/env python3
"""How processes begin and end: SIGTERM, a coordinator that dies, clients that die, keys that are missing."""

import os
import signal
import subprocess
import time

from cluster import WEFT
from cluster_case import SLOW, TpchCase, until, unittest

LONG = {"weft.test.taskDelay": "60s"}
STOPPED_S = 5  # longer than a worker may be silent


class Ends(TpchCase):
    def test_terms_end_cleanly(self):
        """SIGTERM: exit code 0, and no file but the journal is left in the working folders."""
        cluster = self.start(workers=2)
        self.check(cluster.sql(self.statements([18])), [18])
        for process in [*cluster.workers, cluster.coordinator]:
            self.assertEqual(process.end(), 0, process.name)
        for process in [*cluster.workers, cluster.coordinator]:
            left = [
                os.path.join(folder, name)
                for folder, _, names in os.walk(os.path.join(process.folder, "work"))
                for name in names
                if not folder.endswith("/journal") and os.path.getsize(os.path.join(folder, name)) > 4096
            ]
            self.assertEqual(left, [], process.name)

    def test_term_of_a_worker_at_work(self):
        """A worker that is told to end leaves; its tasks run elsewhere, and the answer is right."""
        cluster = self.start(workers=3)
        future, _ = self.run_query(cluster, 9)
        until(lambda: cluster.tasks_done() >= 2, "finished tasks")
        victim, _ = until(cluster.busiest, "busy worker")
        self.assertEqual(victim.end(), 0)
        self.check(future.result(), [9])
        self.assertGreater(cluster.last_job()["tasks_rerun"], 0)

    def test_client_killed(self):
        """Its job is cancelled and its tasks stop; others are not touched."""
        cluster = self.start(workers=2, coordinator_args=["--session-grace", "500ms"])
        client = cluster.client("SELECT 1", LONG)
        until(lambda: cluster.status()["tasks"]["running"] > 0, "running task")
        client.kill()
        until(lambda: cluster.last_job()["state"] == "CANCELLED", "cancelled job")
        until(lambda: cluster.status()["tasks"]["running"] == 0, "idle cluster")
        self.check(cluster.sql(self.statements([6])), [6])

    def test_client_interrupted(self):
        """Ctrl-C at the client cancels the statement there and here."""
        cluster = self.start(workers=1)
        client = cluster.client("SELECT 1", LONG)
        until(lambda: cluster.status()["tasks"]["running"] > 0, "running task")
        client.send(signal.SIGINT)
        self.assertNotEqual(client.child.wait(60), 0)
        until(lambda: cluster.last_job()["state"] == "CANCELLED", "cancelled job")
        until(lambda: cluster.status()["tasks"]["running"] == 0, "idle cluster")

    def test_coordinator_killed(self):
        """Clients and workers wait for it, and the one that comes back serves them."""
        cluster = self.start(workers=2)
        future, _ = self.run_query(cluster, 3, SLOW)
        until(lambda: cluster.status()["tasks"]["running"] > 0, "running task")
        cluster.coordinator.kill()
        cluster.start_coordinator()
        self.check(future.result(), [3])
        cluster.wait_for_workers(2)
        for worker in cluster.workers:
            self.assertTrue(worker.alive)
        queries = (3, 18)
        self.check(cluster.sql(self.statements(queries)), queries)

    def test_no_coordinator(self):
        """A client of an address where nobody listens says so."""
        cluster = self.start(workers=0)
        cluster.coordinator.kill()
        called = cluster.sql(["SELECT 1"])
        self.assertNotEqual(called.code, 0)
        self.assertIn(str(cluster.port), called.stderr)

    def test_coordinator_stopped_and_continued(self):
        """Scenario 35: it stood still; nobody is declared dead, and the job goes on."""
        cluster = self.start(workers=2)
        future, events = self.run_query(cluster, 3, SLOW)
        until(lambda: cluster.tasks_done() >= 1, "a finished task")
        cluster.coordinator.pause()
        time.sleep(STOPPED_S)
        cluster.coordinator.resume()
        self.check(future.result(), [3])
        self.assertEqual(cluster.status()["workers"]["lost"], 0)
        self.check_only_lost_ran_again(cluster, events)  # launches that were under way may have been lost


class Keys(unittest.TestCase):
    def test_off_the_loopback_without_keys(self):
        """Neither process starts, and each says how to get keys."""
        for words in (
            ["coordinator", "--host", "0.0.0.0", "--port", "0", "--webui-port", "0"],
            ["worker", "weft://127.0.0.1:1", "--host", "0.0.0.0"],
        ):
            done = subprocess.run(
                [WEFT, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
            )
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn("weft keys init", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
