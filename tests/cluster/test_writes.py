#!/usr/bin/env python3
"""Writes commit once: whoever is killed, a folder shows what was there before or all that is new, exactly."""

import os
import subprocess
import urllib.error
import urllib.request

from cluster import WEFT, in_background
from cluster_case import SLOW, TpchCase, until, unittest

LEAST_FILES = 8
TRIES = 8  # of a kill that has to hit
SLOW_COMMIT = {"weft.test.commitDelay": "150ms"}
MANY_TASKS = {"weft.sql.files.maxPartitionBytes": "30000"}  # a file for each


def listing(folder):
    """All files below a folder, but for _SUCCESS."""
    found = set()
    for path, _, names in os.walk(folder):
        found |= {os.path.relpath(os.path.join(path, name), folder) for name in names}
    return found - {"_SUCCESS"}


def published(folder):
    return {name for name in listing(folder) if not name.startswith("_temporary")}


class WriteCase(TpchCase):
    """A folder with what was written before."""

    def start_with_old(self, **options):
        """A cluster, and a folder in which a write before has left its files."""
        cluster = self.start(**options)
        folder = os.path.join(self.folder(), "out")
        self.good(self.overwrite(cluster, folder, 1))
        old = listing(folder)
        self.assertGreaterEqual(len(old), LEAST_FILES)
        return cluster, folder, old

    def statements_of(self, folder, tag):
        view = next(text for text in self.views if "lineitem" in text)
        rows = f"SELECT l_orderkey, l_linenumber, {tag} AS tag FROM lineitem"
        return [view, f"INSERT OVERWRITE DIRECTORY '{folder}' USING parquet {rows}"]

    def overwrite(self, cluster, folder, tag, conf=None):
        return cluster.sql(self.statements_of(folder, tag), {**MANY_TASKS, **(conf or {})})

    def check_rows(self, cluster, folder, tag):
        """Each row is there once, with this tag; nothing staged is left."""
        self.assertFalse(os.path.exists(os.path.join(folder, "_temporary")))
        self.assertEqual(listing(folder), published(folder))
        query = "SELECT count(*), count(DISTINCT l_orderkey, l_linenumber), min(tag), max(tag) FROM "
        written = f"CREATE TEMPORARY VIEW written USING parquet OPTIONS (path '{folder}')"
        view = self.statements_of(folder, tag)[0]
        asked = [written, view, "SELECT count(*) FROM lineitem", query + "written"]
        rows = self.good(cluster.sql(asked)).rows
        count = rows[-2][-1][0]
        self.assertEqual(rows[-1][-1], [count, count, str(tag), str(tag)])

    def failed(self, called):
        return called if called.code != 0 else None

    def ready(self, cluster):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{cluster.webui_port}/readyz", timeout=60).close()
            return 200
        except urllib.error.HTTPError as error:
            return error.code


class Killed(WriteCase):
    def test_coordinator_killed_between_two_renames(self):
        """kill -9 in the middle of a commit: the next start carries it out."""
        cluster, folder, old = self.start_with_old(workers=2)
        for tag in (2, 3):  # among the renames, then among the deletions
            future = in_background(self.overwrite, cluster, folder, tag, SLOW_COMMIT)
            if tag == 2:
                until(lambda: len(published(folder) - old) >= 3, "published files")  # noqa: B023
            else:
                until(lambda: len(old - published(folder)) >= 3, "deleted files")  # noqa: B023
            cluster.coordinator.kill()
            half = published(folder)
            self.assertGreater(len(half - old), 0)
            self.assertGreater(len(half & old), 0, "the commit was whole when the coordinator was killed")
            self.assertTrue(os.path.exists(os.path.join(folder, "_temporary")))
            cluster.start_coordinator()
            new = listing(folder)  # it was carried out before anybody could connect
            self.assertEqual(len(new), len(old))
            self.assertEqual(new & old, set())
            cluster.wait_for_workers(2)
            self.good(future.result())  # whose client only waited a little longer
            self.check_rows(cluster, folder, tag)
            old = new
        self.assertIn("decision=commit", cluster.coordinator.text())

    def test_coordinator_killed_before_the_decision(self):
        """kill -9 while tasks write: the write goes on, and its client hears of its end alone."""
        cluster, folder, old = self.start_with_old(workers=2)
        future = in_background(self.overwrite, cluster, folder, 2, SLOW)
        until(lambda: len(listing(folder) - old) >= 3, "staged files")
        cluster.coordinator.kill()
        self.assertGreater(len(listing(folder) - old), 0)
        self.assertEqual(published(folder), old)
        cluster.start_coordinator()
        self.good(future.result())
        self.check_rows(cluster, folder, 2)
        self.good(self.overwrite(cluster, folder, 3))
        self.check_rows(cluster, folder, 3)

    def test_killed_with_its_client(self):
        """Nobody comes back to a write that was not decided: all is as before, what was staged is gone."""
        cluster, folder, old = self.start_with_old(workers=2, coordinator_args=["--session-grace", "300ms"])
        slow = {**MANY_TASKS, "weft.test.taskDelay": "300ms"}
        client = cluster.client(";\n".join(self.statements_of(folder, 2)), slow)
        until(lambda: len(listing(folder) - old) >= 2, "staged files")
        cluster.coordinator.kill()
        client.kill()
        cluster.start_coordinator()
        cluster.wait_for_workers(2)
        until(lambda: cluster.status()["tasks"]["running"] == 0, "idle cluster")
        staged = os.path.join(folder, "_temporary")
        until(lambda: not os.path.exists(staged), "end of the write")  # its files go before their folders
        self.check_rows(cluster, folder, 1)
        self.assertEqual(listing(folder), old)
        self.good(self.overwrite(cluster, folder, 3))
        self.check_rows(cluster, folder, 3)


class Writes(WriteCase):
    def test_worker_killed_while_it_writes(self):
        """Its tasks write again elsewhere; each row is there once."""
        cluster, folder, old = self.start_with_old(workers=2)
        future = in_background(self.overwrite, cluster, folder, 2, SLOW)
        until(lambda: len(listing(folder) - old) >= 3, "staged files")
        victim, _ = until(cluster.busiest, "busy worker")
        victim.kill()
        self.good(future.result())
        self.assertGreater(cluster.last_job()["workers_lost"], 0)
        self.check_rows(cluster, folder, 2)
        self.assertEqual(len(listing(folder)), len(old))

    def test_rows_by_chance_are_written_once(self):
        """A worker dies between the making of rows that go by chance and their last writing: stages begin
        anew, tasks that have written write again, and the files show one attempt a task."""
        cluster, folder, _ = self.start_with_old(workers=3)
        view = self.statements_of(folder, 0)[0]
        rows = (
            "SELECT p, nonce, k FROM (SELECT spark_partition_id() p, attempt_nonce() nonce, l_orderkey k, "
            "l_linenumber m FROM lineitem) JOIN lineitem ON k = l_orderkey AND m = l_linenumber"
        )
        statement = f"INSERT OVERWRITE DIRECTORY '{folder}' USING parquet {rows}"
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "12"}
        for _ in range(TRIES):
            self.job = None
            slow = {**MANY_TASKS, **conf, "weft.test.taskDelay": "300ms"}
            future = in_background(cluster.sql, [view, statement], slow)
            until(lambda: future.done() or self.writes_are_over(cluster), "first writes")  # noqa: B023
            found = cluster.busiest()
            if found is not None:
                found[0].kill()
                cluster.start_worker(wait=False)
            self.good(future.result())
            cluster.wait_for_workers(3)
            self.assertFalse(os.path.exists(os.path.join(folder, "_temporary")))
            written = f"CREATE TEMPORARY VIEW written USING parquet OPTIONS (path '{folder}')"
            sums = "SELECT count(*), count(DISTINCT p), count(DISTINCT p, nonce) FROM written"
            asked = [written, view, "SELECT count(*) FROM lineitem", sums]
            answers = self.good(cluster.sql(asked)).rows
            count, tasks, nonces = answers[-1][-1]
            self.assertEqual(count, answers[-2][-1][0])
            self.assertEqual(tasks, nonces)
            stages = cluster.get(f"/api/v1/jobs/{self.job}")["stage_list"] if self.job else []
            if any(stage["generation"] > 0 for stage in stages):
                return
        self.fail(f"no kill in {TRIES} took rows that were written")

    def writes_are_over(self, cluster):
        """Are some tasks of the stage that writes over, and others not? Notes the job."""
        for job in cluster.running_jobs():
            stages = cluster.get(f"/api/v1/jobs/{job['id']}")["stage_list"]
            last = max(stages, key=lambda stage: stage["stage"], default=None)
            if len(stages) >= 3 and 2 <= last["tasks_done"] < last["tasks"]:
                self.job = job["id"]
                return True
        return False

    def test_client_killed_in_the_middle_of_a_commit(self):
        """What is decided is carried out."""
        cluster, folder, old = self.start_with_old(workers=1)
        client = cluster.client(";\n".join(self.statements_of(folder, 2)), {**MANY_TASKS, **SLOW_COMMIT})
        until(lambda: len(published(folder) - old) >= 3, "published files")
        client.kill()
        self.assertGreater(len(published(folder) & old), 0, "the commit was whole when its client was killed")
        until(lambda: not os.path.exists(os.path.join(folder, "_temporary")), "end of the commit")
        self.check_rows(cluster, folder, 2)

    def test_full_disk_of_the_journal(self):
        """No room for a record: that statement fails and changes nothing, the coordinator goes on."""
        disk = os.path.join(self.folder(), "disk")
        os.makedirs(disk)
        words = ["mount", "-t", "tmpfs", "-o", "size=64k", "weft-test", disk]
        if subprocess.run(words, capture_output=True).returncode != 0:
            self.skipTest("mounting a small disk needs root")
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        cluster, folder, old = self.start_with_old(workers=1, coordinator_args=["--work-dir", disk])
        ballast = os.path.join(disk, "ballast")
        with open(ballast, "wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(b"x" * size) > 0:
                        pass
                except OSError:
                    pass
        # the journal's last page may have room for some records still
        called = until(lambda: self.failed(self.overwrite(cluster, folder, 1)), "failure")
        self.assertIn("[DISK_FULL]", called.stderr)
        self.assertEqual(self.ready(cluster), 200)  # nothing is broken
        self.assertFalse(os.path.exists(os.path.join(folder, "_temporary")))
        self.assertEqual(len(listing(folder)), len(old))
        self.good(cluster.sql(["SELECT 1"]))
        os.remove(ballast)
        self.good(self.overwrite(cluster, folder, 2))
        self.check_rows(cluster, folder, 2)


class Journal(TpchCase):
    def refused(self, folder):
        words = [WEFT, "coordinator", "--port", "0", "--webui-port", "0", "--work-dir", folder]
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_one_coordinator_a_work_folder(self):
        """A second one is refused, and says why; damage is told, and nothing is guessed."""
        cluster = self.start(workers=0)
        work = os.path.join(cluster.coordinator.folder, "work")
        said = self.refused(work)
        self.assertIn("another coordinator uses the journal", said)
        self.assertIn("--work-dir", said)
        self.assertTrue(cluster.coordinator.alive)
        epoch = cluster.status()["epoch"]
        self.assertEqual(cluster.coordinator.end(), 0)
        cluster.start_coordinator()
        self.assertGreater(cluster.status()["epoch"], epoch)
        cluster.coordinator.kill()

        journal = os.path.join(work, "journal", "journal")
        with open(journal, "r+b") as file:
            file.seek(40)
            file.write(b"damage")
        with open(journal, "rb") as file:
            before = file.read()
        said = self.refused(work)
        self.assertIn("damaged", said)
        self.assertIn(os.path.dirname(journal), said)
        self.assertIn("move that folder away", said)
        with open(journal, "rb") as file:
            self.assertEqual(file.read(), before)
        os.rename(os.path.dirname(journal), os.path.join(work, "journal.away"))
        cluster.start_coordinator()


if __name__ == "__main__":
    unittest.main(verbosity=2)
