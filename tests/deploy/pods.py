#!/usr/bin/env python3
"""The pods of deploy/k8s/chart really run (podman.py): image, keys as Secrets, volumes as Kubernetes gives
them. Queries run while worker pods, and with several coordinators the leading one, are deleted (SIGTERM,
grace) and killed, and replaced as their controllers would: every answer is that of the undisturbed query, and
the coordinator's numbers show that each loss hit the job. Part of tests/deploy/run."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import podman as podman_module  # noqa: E402
import tools  # noqa: E402

tools.in_venv("kubernetes-validate")
import yaml  # noqa: E402

sys.path.insert(0, os.path.join(tools.ROOT, "tests"))
from support import netlab, zookeeper  # noqa: E402

CHART = os.path.join(tools.DEPLOY, "k8s", "chart")
SMALL = os.path.join(tools.ROOT, "tests", "support", "tpch", "small.py")
WORKERS = 3
MEMORY_MB = 512
TASK_DELAY = "1500ms"  # so that there is a middle of a query
SPARE = 6  # hosts for pods that replace others
READY_S = 90
QUERY = (
    "SELECT l_shipmode, sum(l_quantity), count(*) FROM parquet.`/data/lineitem.parquet` "
    "JOIN parquet.`/data/orders.parquet` ON l_orderkey = o_orderkey "
    "GROUP BY l_shipmode ORDER BY l_shipmode"
)


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def until(condition, what, seconds=READY_S):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"in {seconds} s there was no {what}")
        time.sleep(0.05)


class Site:
    """Hosts of the lab: 1 is outside (clients, ZooKeeper), the next ones are coordinators, then workers."""

    def __init__(self, podman, lab, folder, weft, coordinators):
        self.podman, self.lab, self.folder, self.weft = podman, lab, folder, weft
        self.keys, self.data = os.path.join(folder, "keys"), os.path.join(folder, "data")
        self.names = [f"weft-coordinator-{i}" for i in range(coordinators)]
        self.aliases = {}
        for i, name in enumerate(self.names):
            for tail in ("weft-coordinators", "weft-coordinators.weft.svc"):
                self.aliases[f"{name}.{tail}"] = lab.address(2 + i)
        self.coordinators, self.workers = {}, {}
        self.next_host = 2 + coordinators
        self.answer = None

    def make(self, zookeeper_address):
        def run(*words, **more):
            return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout

        image = os.path.join(self.folder, "image.tar")
        run(os.path.join(tools.DEPLOY, "image", "build"), "--weft", self.weft, "--output", image)
        self.podman.load(image)
        run(sys.executable, SMALL, "--weft", self.weft, "--dir", self.data)
        for folder, _, names in os.walk(self.data):
            os.chmod(folder, 0o755)
            for name in names:
                os.chmod(os.path.join(folder, name), 0o644)
        run(self.weft, "keys", "init", self.keys, "--user", "ann")
        secrets = run(os.path.join(tools.DEPLOY, "k8s", "secrets"), self.keys)
        limits = {"cpu": "1", "memory": f"{MEMORY_MB}Mi"}
        values = {
            "zookeeper": {"address": zookeeper_address},
            "coordinator": {"replicas": len(self.names), "resources": {"requests": limits, "limits": limits}},
            "worker": {"resources": {"requests": limits, "limits": limits}},
            "extraVolumes": [{"name": "data", "hostPath": {"path": self.data}}],
            "extraVolumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": True}],
        }
        words = (tools.helm(), "template", "weft", CHART, "--kube-version", "1.34.0", "-f", "-")
        documents = [*yaml.safe_load_all(run(*words, input=json.dumps(values))), *yaml.safe_load_all(secrets)]
        self.documents = {(d["kind"], d["metadata"]["name"]): d for d in documents if d}

    def pod(self, host, name, kind, owner):
        template = self.documents[kind, owner]["spec"]["template"]
        pod = podman_module.Pod(
            self.podman, self.lab, host, name, template, self.documents, self.aliases
        )
        pod.start()
        return pod

    def start_coordinator(self, number):
        name = self.names[number]
        pod = self.pod(2 + number, name, "StatefulSet", "weft-coordinator")
        self.coordinators[name] = pod
        return pod

    def start_worker(self):
        pod = self.pod(self.next_host, f"weft-worker-{self.next_host}", "Deployment", "weft-worker")
        self.workers[pod.name] = pod
        self.next_host += 1
        return pod

    def client(self):
        """Ann's folder."""
        folder = os.path.join(self.folder, "ann")
        if not os.path.isdir(folder):
            os.makedirs(folder)
            os.symlink(os.path.join(self.keys, "allowed"), os.path.join(folder, "allowed"))
            os.link(os.path.join(self.keys, "client-ann.secret"), os.path.join(folder, "client-ann.secret"))
        return folder

    def sql(self):
        master = "weft://" + ",".join(f"{self.lab.address(2 + i)}:7077" for i in range(len(self.names)))
        words = [self.weft, "sql", "--master", master, "--keys", self.client(), "--format", "csv"]
        words += ["--conf", f"weft.test.taskDelay={TASK_DELAY}", "-e", QUERY]
        return subprocess.run(self.lab.command(1, words), capture_output=True, text=True, timeout=300)

    def told(self, what):
        """What the leader says: a document of its REST."""
        for i in range(len(self.names)):
            words = [self.weft, *what, "--json", "--url", f"http://{self.lab.address(2 + i)}:8080"]
            words += ["--token-file", os.path.join(self.keys, "token")]
            ready = [self.weft, "health", "--ready", "--url", words[words.index("--url") + 1]]
            state = subprocess.run(self.lab.command(1, ready), capture_output=True, text=True)
            if state.returncode != 0 or "STANDBY" in state.stdout:
                continue
            done = subprocess.run(self.lab.command(1, words), capture_output=True, text=True)
            if done.returncode == 0:
                return self.names[i], json.loads(done.stdout)
        return None, None

    def running_job(self):
        """The one job that is in its middle, or None."""
        _, jobs = self.told(["jobs", "--state", "running"])
        middle = [job for job in jobs or [] if job["tasks_done"] > 1 and job["tasks_running"] > 0]
        return middle[0] if middle else None


def disturbed(site, act):
    """Run the query, act in its middle; the answer must be right. What act gave, and the job at its end."""
    result = {}
    thread = threading.Thread(target=lambda: result.update(done=site.sql()), daemon=True)
    thread.start()
    job = {}
    until(lambda: job.update(site.running_job() or {}) or job or not thread.is_alive(), "job in its middle")
    check(thread.is_alive(), "the query had ended before anything was done to it")
    given = act()
    thread.join()
    done = result["done"]
    check(done.returncode == 0, f"the query failed: {done.stderr}")
    check(done.stdout == site.answer, f"another answer:\n{done.stdout}instead of\n{site.answer}")
    _, jobs = site.told(["jobs"])
    return given, next(j for j in jobs if j["id"] == job["id"])


def shut_in(pod):
    """What the kernel says of its process."""
    with open(f"/proc/{pod.pid()}/status", encoding="ascii") as file:
        said = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    check(said["Uid"].split() == ["7077"] * 4, f"{pod.name} runs as {said['Uid']}")
    check(int(said["CapBnd"], 16) == 0, f"{pod.name} has capabilities {said['CapBnd']}")
    check(said["NoNewPrivs"] == "1" and said["Seccomp"] == "2", f"{pod.name} is not shut in")
    check(pod.inspect("{{.HostConfig.ReadonlyRootfs}}") == "true", f"{pod.name} may write its root")


def workers_are(site, count):
    _, found = site.told(["workers"])
    return found is not None and sum(worker["state"] == "ALIVE" for worker in found) == count


def lose_workers(site, say):
    victim = next(iter(site.workers.values()))
    (seconds, code), job = disturbed(site, victim.delete)
    check(code == 0, f"the deleted worker ended with {code}: {victim.name}")
    check(seconds < victim.grace - 5, f"it took {seconds} of its {victim.grace} seconds of grace")
    check(job["workers_lost"] >= 1, f"no worker was lost: {job}")
    del site.workers[victim.name]
    say(f"a worker's pod deleted: gone after {seconds:.1f} s, {job['tasks_rerun']} tasks again")
    site.start_worker().wait()
    until(lambda: workers_are(site, WORKERS), "new worker")
    victim = next(iter(site.workers.values()))
    _, killed = disturbed(site, victim.kill)
    check(killed["workers_lost"] >= 1, f"no worker was lost: {killed}")
    del site.workers[victim.name]
    say(f"a worker's pod killed: {killed['tasks_rerun']} tasks again")
    site.start_worker().wait()
    until(lambda: workers_are(site, WORKERS), "new worker")
    return {"deleted_rerun": job["tasks_rerun"], "killed_rerun": killed["tasks_rerun"]}


def lose_leaders(site, say):
    counted = {}
    for how in ("delete", "kill"):
        name, _ = site.told(["status"])
        pod = site.coordinators[name]
        _, job = disturbed(site, getattr(pod, how))
        now, _ = site.told(["status"])
        check(now is not None and now != name, f"{now} leads after {name} was gone")
        say(f"the leader's pod, {how}: {job['tasks_rerun']} tasks again")
        counted[f"leader_{how}_rerun"] = job["tasks_rerun"]
        pod.start()  # its controller gives it the same name and volume
        pod.wait()
    return counted


def scenario(site, say):
    for number in range(len(site.names)):
        site.start_coordinator(number).wait("startupProbe")
    for _ in range(WORKERS):
        site.start_worker()
    for pod in [*site.coordinators.values(), *site.workers.values()]:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            pod.wait(probe)
        shut_in(pod)
    until(lambda: workers_are(site, WORKERS), f"{WORKERS} workers")
    _, workers = site.told(["workers"])
    for worker in workers:
        check(worker["slots"] == 1, f"a worker of one core has {worker['slots']} slots")
        percent = worker["memory_bytes"] * 100 / (MEMORY_MB << 20)
        check(65 < percent <= 70, f"{percent} % of the pod's limit")
        check(re.match(r"10\.\d+\.\d+\.\d+:7078$", worker["address"]), worker["address"])
    first = site.sql()
    check(first.returncode == 0, f"the first query: {first.stderr}")
    site.answer = first.stdout
    say(f"{len(site.coordinators)} coordinators and {WORKERS} workers answer")
    counted = {"coordinators": len(site.coordinators), "workers": WORKERS, **lose_workers(site, say)}
    if len(site.names) > 1:
        counted.update(lose_leaders(site, say))
    last = site.sql()
    check(last.stdout == site.answer, f"the last query: {last.stdout}{last.stderr}")
    return counted


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weft", default=os.path.join(tools.ROOT, "build", "release", "weft"))
    parser.add_argument("--coordinators", type=int, default=2)
    arguments = parser.parse_args()
    reason = podman_module.why_not() or netlab.why_not() or (tools.helm() is None and "there is no helm")
    if reason:
        print(f"skipped: {reason}")
        return tools.SKIPPED
    hosts = 1 + arguments.coordinators + WORKERS + SPARE
    with tempfile.TemporaryDirectory(prefix="weft-pods-") as folder, netlab.Netlab(hosts=hosts) as lab:
        os.chmod(folder, 0o755)
        with podman_module.Podman(folder) as podman:
            site = Site(podman, lab, folder, arguments.weft, arguments.coordinators)
            servers = None
            try:
                if arguments.coordinators > 1:
                    servers = zookeeper.Zookeeper(folder, hosts=[lab.address(1)], min_session_ms=2000)
                    lab.inside(1, servers.start)
                site.make(servers.address if servers else "")
                counted = scenario(site, lambda text: print(text, file=sys.stderr))
            except BaseException:
                for pod in [*site.coordinators.values(), *site.workers.values()]:
                    print(f"--- {pod.name}\n{pod.log()[-3000:]}", file=sys.stderr)
                raise
            finally:
                if servers is not None:
                    servers.kill()
    print(json.dumps(counted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
