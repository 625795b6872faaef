"""Files that a client brings to its session (ADD FILE), and what happens to them on their way."""

import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import large
from cluster import WEFT, Process, until
from cluster_case import data_folder
from leaders import Leaders
from support import zookeeper
from takeovers import WORKER_ARGS
from test_takeovers import close

MB = 1000 * 1000
ROWS = 120321  # of the small tables' lineitem
TRIES = 4  # of a stop in the middle of an upload


class Uploads(unittest.TestCase):
    def start(self, **options):
        options = {"coordinators": 3, "workers": 1, "worker_args": WORKER_ARGS, **options}
        cluster = Leaders(**options)
        self.addCleanup(close, self, cluster)
        cluster.coordinator_args += ["--blob-keep", "1s"]
        cluster.start()
        return cluster

    def file(self, cluster, size):
        table = os.path.join(data_folder(), "lineitem.parquet")
        return large.parquet_file(cluster.folder, "big.parquet", table, size)

    def check_nothing_left(self, cluster):
        for index in range(cluster.count):
            until(lambda: not large.being_written(cluster, index), "end of what was written in part")
            until(lambda: not large.blobs(cluster, index, "artifacts"), "end of the file with its session")

    def submit(self, cluster, path, name):
        words = [WEFT, "submit", path, "--session", name, "--format", "csv"]
        words += ["--master", cluster.url, "--keys", cluster.keys]
        cluster.clients.append(Process(f"client{len(cluster.clients) + 1}", words, cluster.folder))
        return cluster.clients[-1]

    def catch(self, cluster, begin):
        """(client, leader), in the middle of an upload."""
        for number in range(TRIES):
            client = begin(number)
            leader = large.catch_upload(cluster, client)
            if leader is not None:
                return client, leader
            client.resume()
            large.finish(client)
        self.fail("no upload was caught in its middle")

    def test_the_leader_dies_in_the_middle(self):
        """The client goes on with the next one; the file is right, and nothing in part is left."""
        cluster = self.start()
        path = self.file(cluster, 40 * MB)
        read = "SELECT count(*) AS n FROM parquet.`artifact:files/big.parquet`"
        begin = lambda _: large.script(cluster, [f"ADD FILE '{path}'", "LIST FILES", read])  # noqa: E731
        client, leader = self.catch(cluster, begin)
        large.kill_leader(cluster, leader)
        client.resume()
        text = large.finish(client)
        self.assertEqual(client.child.returncode, 0, text)
        self.assertIn("artifact:files/big.parquet", text)
        self.assertIn(f"\n{ROWS}\n", text)
        cluster.start_coordinator(leader)
        self.check_nothing_left(cluster)

    def test_leader_and_client_die_in_the_middle(self):
        """The submission is started again under its name, and brings the file from its beginning."""
        cluster = self.start()
        path, script = self.file(cluster, 40 * MB), os.path.join(cluster.folder, "script.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"ADD FILE '{path}'; SELECT count(*) AS n FROM parquet.`artifact:files/big.parquet`")
        client, leader = self.catch(cluster, lambda number: self.submit(cluster, script, f"load{number}"))
        name = client.child.args[client.child.args.index("--session") + 1]
        client.kill()
        large.kill_leader(cluster, leader)
        again = self.submit(cluster, script, name)
        text = large.finish(again)
        self.assertEqual(again.child.returncode, 0, text)
        self.assertIn(f"\n{ROWS}\n", text)
        cluster.start_coordinator(leader)
        self.check_nothing_left(cluster)

    def test_a_full_disk(self):
        """It is said which file, and how much of it there was room for; what was there stays, and the leader
        goes on and takes a smaller one."""
        cluster = self.start(coordinators=1)
        cluster.coordinators[0].end()
        work = os.path.join(cluster.folder, "work1")
        words = ["mount", "-t", "tmpfs", "-o", "size=16m", "weft-test", work]
        if subprocess.run(words, capture_output=True).returncode != 0:
            self.skipTest("mounting a small disk needs root")
        self.addCleanup(subprocess.run, ["umount", "--lazy", work], check=True)
        cluster.coordinator_args += ["--blob-copies", "1"]
        cluster.start_coordinator(0)
        cluster.until_leads({0})
        epoch = cluster.state(0)["epoch"]
        paths = {}
        for name, size in (("small", 2 * MB), ("large", 30 * MB), ("other", 3 * MB)):
            paths[name] = os.path.join(cluster.folder, f"{name}.txt")
            with open(paths[name], "wb") as file:
                file.write(b"a line of text\n" * (size // 15))
        count = "SELECT count(*) AS n FROM text.`artifact:files/small.txt`"
        statements = [f"ADD FILE '{paths['small']}'", f"ADD FILE '{paths['large']}'"]
        first = large.script(cluster, [*statements, "SELECT 1"])
        text = large.finish(first)
        self.assertEqual(first.child.returncode, 1, text)
        self.assertRegex(text, r"\[DISK_FULL\].*")
        self.assertEqual(large.being_written(cluster, 0), [])
        client = large.script(
            cluster, [f"ADD FILE '{paths['small']}'", f"ADD FILE '{paths['other']}'", "LIST FILES", count]
        )
        text = large.finish(client)
        self.assertEqual(client.child.returncode, 0, text)
        self.assertIn("files/other.txt", text)
        self.assertIn(f"\n{2 * MB // 15}\n", text)
        self.assertEqual(cluster.state(0)["epoch"], epoch)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
