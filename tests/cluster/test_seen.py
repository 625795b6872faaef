#!/usr/bin/env python3
"""What people see of real processes: the commands, the page and the metrics agree with what happened.
tests/cli/test_status.py has the formats and refusals, over a made-up cluster."""

import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

from cluster import WEFT
from cluster_case import SLOW, TpchCase, until, unittest

LONG = {"weft.test.taskDelay": "60s"}


class Seen(TpchCase):
    def weft(self, cluster, command, *arguments, code=0):
        words = [WEFT, command, *arguments, "--master", cluster.url, "--webui-port", str(cluster.webui_port)]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
        )
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def page(self, cluster, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{cluster.webui_port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def metrics(self, cluster):
        found = re.findall(r"^(weft_\S+) (\S+)$", self.page(cluster, "/metrics"), re.MULTILINE)
        return {name: float(value) for name, value in found}

    def test_a_job_from_begin_to_end(self):
        cluster = self.start(workers=2)
        client = cluster.client("SELECT 1 AS x", LONG)
        until(lambda: cluster.status()["tasks"]["running"] > 0, "running task")
        (job,) = json.loads(self.weft(cluster, "jobs", "--json", "--state", "running"))
        self.assertEqual((job["state"], job["text"].strip()), ("RUNNING", "SELECT 1 AS x"))
        short = str(job["id"] % 1_000_000)
        self.assertIn("RUNNING", self.weft(cluster, "jobs", short))
        self.assertIn("SELECT 1 AS x", self.page(cluster, "/"))
        self.assertIn("RUNNING", self.page(cluster, f"/jobs/{short}"))
        shown = self.metrics(cluster)
        self.assertEqual((shown["weft_jobs_running"], shown["weft_tasks_running"]), (1, 1))

        self.assertIn(f"{job['id']} is being cancelled", self.weft(cluster, "cancel", short))
        self.assertNotEqual(client.child.wait(60), 0)
        self.assertIn("OPERATION_CANCELED", client.text())
        until(lambda: cluster.last_job()["state"] == "CANCELLED", "cancelled job")
        self.weft(cluster, "cancel", short, code=1)  # it has ended
        self.assertIn("job_cancel_asked", self.weft(cluster, "logs"))
        until(lambda: self.metrics(cluster)["weft_tasks_running"] == 0, "idle cluster")
        self.assertEqual(self.metrics(cluster)['weft_jobs_ended_total{state="cancelled"}'], 1)

    def test_a_lost_worker(self):
        cluster = self.start(workers=2)
        future, _ = self.run_query(cluster, 9, SLOW)
        until(lambda: cluster.tasks_done() >= 2, "finished tasks")
        victim, _ = until(cluster.busiest, "busy worker")
        number = cluster.number_of(victim)
        victim.kill()
        self.check(future.result(), [9])
        job = cluster.last_job()
        self.assertEqual((job["state"], job["workers_lost"]), ("SUCCEEDED", 1))
        self.assertGreater(job["attempts"], job["tasks"])
        self.assertGreater(job["bytes_read"], 0)
        left, dead = json.loads(self.weft(cluster, "workers", "--json"))
        self.assertNotEqual(left["id"], number)
        self.assertEqual((dead["id"], dead["state"]), (number, "DEAD"))
        self.assertEqual(dead["reason"], "its connection broke")
        self.assertIn("DEAD: its connection broke", self.page(cluster, "/"))
        (application,) = cluster.get("/api/v1/applications")
        executors = f"/api/v1/applications/{application['id']}/"
        self.assertEqual([each["id"] for each in cluster.get(executors + "executors")], [str(left["id"])])
        gone = {each["id"]: each for each in cluster.get(executors + "allexecutors")}[str(number)]
        self.assertEqual((gone["isActive"], gone["removeReason"]), (False, dead["reason"]))
        self.assertIn("1 alive, 0 silent, 1 lost", self.weft(cluster, "status"))
        self.assertIn(f"worker_lost worker={number}", self.weft(cluster, "logs", "-n", "1000"))
        shown = self.metrics(cluster)
        self.assertEqual(shown["weft_workers_lost_total"], 1)
        self.assertEqual(shown["weft_tasks_rerun_total"], cluster.status()["tasks"]["rerun"])
        cluster.coordinator.send(signal.SIGTERM)
        cluster.coordinator.child.wait(60)
        done = self.weft(cluster, "status", code=1)
        self.assertEqual(done, "")


class Workers(TpchCase):
    def ask(self, port, path, token=None):
        """(status, text)"""
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def port_of(self, worker):
        return int(until(lambda: re.search(r"http_started .*port=(\d+)", worker.text()), "port").group(1))

    def test_port_of_a_worker(self):
        """Health, readiness and figures of each process; with a token only for those who show it."""
        token = "a-token-of-enough-characters"
        path = os.path.join(self.folder(), "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(token)
        cluster = self.start(workers=0, worker_args=["--lease", "3s"])
        workers = [
            cluster.start_worker(args=["--webui-port", "0"]),
            cluster.start_worker(args=["--webui-port", "0", "--token-file", path]),
        ]
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "8"}
        self.check(cluster.sql(self.statements([9]), conf), [9])
        first, second = (self.port_of(worker) for worker in workers)
        urls = [f"http://127.0.0.1:{port}" for port in (first, second)]
        self.assertEqual([worker["url"] for worker in cluster.get("/api/v1/workers")], urls)
        self.assertEqual([worker["webuiaddress"] for worker in cluster.get("/json/")["workers"]], urls)
        self.assertEqual(self.ask(second, "/metrics")[0], 401)
        served = 0
        for port in (first, second):
            self.assertEqual(self.ask(port, "/healthz")[0], 200)
            until(lambda port=port: self.ask(port, "/readyz")[0] == 200, "ready worker")
            self.assertEqual(self.ask(port, "/nothing", token)[0], 404)
            code, text = self.ask(port, "/metrics", token)
            self.assertEqual(code, 200)
            found = re.findall(r"^(weft_\S+) (\S+)$", text, re.MULTILINE)
            shown = {name: float(value) for name, value in found}
            self.assertEqual((shown["weft_worker_slots"], shown["weft_worker_tasks_running"]), (1, 0))
            self.assertGreater(shown["weft_worker_memory_limit_bytes"], 0)
            served += shown["weft_worker_served_bytes_total"]
        self.assertGreater(served, 0)
        cluster.coordinator.kill()
        until(lambda: self.ask(first, "/readyz")[0] == 503, "worker whose lease is out")
        self.assertEqual(self.ask(first, "/healthz")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
