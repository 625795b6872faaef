"""Several coordinators, real ZooKeeper servers and workers on this machine: one leads, the others stand by.

    with Leaders(coordinators=2, workers=1) as cluster:
        first = cluster.leader()          # its number
        cluster.coordinators[first].kill()
        cluster.until_leads({1 - first})
        cluster.sql(["SELECT 1"])

With a lab (support/netlab.py) each server of ZooKeeper is on a host of its own, coordinators are beside them,
and workers and clients on the last host.

Sessions with ZooKeeper are of a second unless told otherwise, so leaders change within two."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
from cluster import PATIENCE_S, WEFT, ClusterError, Process, until, weft_cli, with_races
from support import zookeeper

LOG_TAIL = 6000


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


class Leaders:
    """servers: of ZooKeeper. ways: by coordinator, the ZooKeeper address that it is told instead.
    environment(name): variables of that process."""

    def __init__(
        self,
        coordinators=2,
        workers=0,
        servers=1,
        timeout="1s",
        ways=None,
        coordinator_args=(),
        worker_args=(),
        environment=None,
        lab=None,
    ):
        self.lab = lab
        self.environment = environment or (lambda name: None)
        self.count, self.worker_count, self.timeout = coordinators, workers, timeout
        self.ways = ways or {}
        self.coordinator_args, self.worker_args = list(coordinator_args), list(worker_args)
        self.folder = tempfile.mkdtemp(prefix="weft-leaders-")
        self.keys = os.path.join(self.folder, "keys")
        self.zookeeper = zookeeper.Zookeeper(
            self.folder,
            servers,
            hosts=lab and [lab.address(host) for host in range(1, servers + 1)],
            inside=lab and [lab.command(host, []) for host in range(1, servers + 1)],
        )
        self.coordinators, self.ports = [None] * coordinators, [(0, 0)] * coordinators
        self.starts = [0] * coordinators
        self.workers, self.clients, self.ended = [], [], []  # ended: coordinators that were started again

    # -- life --

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close(failed=True)
            raise
        return self

    def __exit__(self, kind, value, trace):
        self.close(failed=kind is not None)

    def start(self):
        subprocess.run([WEFT, "keys", "init", self.keys], check=True, stdout=subprocess.DEVNULL)
        self.inside(0, self.zookeeper.start)
        for index in range(self.count):
            self.start_coordinator(index)
        self.until_leads(set(range(self.count)))
        for _ in range(self.worker_count):
            self.start_worker()

    def start_coordinator(self, index):
        """The first time on free ports, then on the same ones."""
        self.starts[index] += 1
        self.ended += filter(None, [self.coordinators[index]])
        name = f"coordinator{index + 1}.{self.starts[index]}"
        folder = os.path.join(self.folder, name)
        port, webui = self.ports[index]
        words = [WEFT, "coordinator", "--keys", self.keys, "--port", str(port), "--webui-port", str(webui)]
        words += ["--zookeeper", self.ways.get(index, self.zookeeper.address)]
        words += ["--zookeeper-timeout", self.timeout, "--log-file", os.path.join(folder, "log")]
        words += ["--work-dir", os.path.join(self.folder, f"work{index + 1}"), *self.coordinator_args]
        words += ["--host", self.host(index)] if self.lab else []
        process = self.coordinators[index] = self.process(name, self.on_host(index + 1, words))

        def ready():
            if not process.alive:
                raise ClusterError(f"{name} ended with {process.child.returncode}: {process.text()}")
            host = re.escape(self.host(index))
            found = re.search(rf"weft://{host}:(\d+), pages at http://{host}:(\d+)", process.text())
            return (int(found.group(1)), int(found.group(2))) if found else None

        self.ports[index] = until(ready, f"ready line of {name}")

    def process(self, name, words):
        return Process(name, words, self.folder, self.environment(name))

    def start_worker(self, master=None, wait=True, args=()):
        name = f"worker{len(self.workers) + 1}"
        folder = os.path.join(self.folder, name)
        words = [WEFT, "worker", master or self.url, "--keys", self.keys, "--port", "0", "--cores", "1"]
        words += ["--memory", "256m", "--work-dir", os.path.join(folder, "work")]
        words += ["--log-file", os.path.join(folder, "log"), *self.worker_args, *args]
        words += ["--host", self.lab.address(self.lab.hosts)] if self.lab else []
        worker = self.process(name, self.on_last_host(words))
        self.workers.append(worker)
        if wait:
            until(lambda: "registered" in worker.text(), f"registration of {name}")
        return worker

    def close(self, failed=False):
        processes = [*self.clients, *self.workers, *filter(None, self.coordinators)]
        for process in processes:
            if process.alive:
                process.resume()
                process.kill()
        self.zookeeper.kill()
        races = with_races([*self.ended, *processes])
        if failed or races:
            for process in processes:
                print(f"--- {process.name}, exit code {process.child.poll()} ---", file=sys.stderr)
                print(process.text()[-LOG_TAIL:], file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)
        if races:
            raise ClusterError("the thread sanitizer found races in " + "\n".join(races))

    # -- hosts --

    def host(self, index):
        """Of a coordinator."""
        return self.lab.address(index + 1) if self.lab else "127.0.0.1"

    def on_host(self, host, words):
        return self.lab.command(host, words) if self.lab else words

    def on_last_host(self, words):
        return self.on_host(self.lab.hosts, words) if self.lab else words

    def inside(self, index, function):
        """Call it where this coordinator is."""
        return self.lab.inside(index + 1, function) if self.lab else function()

    # -- who leads --

    @property
    def url(self):
        return "weft://" + ",".join(self.address(index) for index in range(self.count))

    def address(self, index):
        return f"{self.host(index)}:{self.ports[index][0]}"

    def ask(self, index, path):
        """(status, body, headers) of a coordinator's HTTP port; redirections are not followed."""
        url = f"http://127.0.0.1:{self.ports[index][1]}{path}"

        def fetch():
            try:
                with OPENER.open(url, timeout=PATIENCE_S) as answer:
                    return answer.status, answer.read().decode(), answer.headers
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode(), error.headers

        return self.inside(index, fetch)

    def state(self, index):
        """What it says of itself; {} when it does not answer."""
        process = self.coordinators[index]
        if process is None or not process.alive or process.paused:
            return {}
        try:
            return json.loads(self.ask(index, "/json/")[1])
        except (OSError, ValueError):
            return {}

    def leader(self):
        """The number of the coordinator that leads, or None."""
        for index in range(self.count):
            if self.state(index).get("status") in ("ALIVE", "RECOVERING"):
                return index
        return None

    def until_leads(self, indexes):
        """Wait until one of these leads, and give its number."""

        def found():
            leader = self.leader()
            return (leader,) if leader in indexes else None

        return until(found, f"leader among {sorted(indexes)}")[0]

    def until_state(self, index, *states):
        until(lambda: self.state(index).get("status") in states, f"{'|'.join(states)} of {index}")

    # -- clients --

    def sql(self, statements, url=None, conf=None, timeout=PATIENCE_S * 2, prefix=()):
        words = ["--master", url or self.url, "--keys", self.keys]
        for key, value in (conf or {}).items():
            words += ["--conf", f"{key}={value}"]
        return weft_cli.run_statements(
            WEFT, statements, words, timeout=timeout, prefix=self.on_last_host(list(prefix))
        )

    def client(self, text, conf=None, url=None):
        """A `weft sql` that runs by itself; what it says goes to its output."""
        words = [WEFT, "sql", "-S", "-e", text, "--master", url or self.url, "--keys", self.keys]
        for key, value in (conf or {}).items():
            words += ["--conf", f"{key}={value}"]
        name = f"client{len(self.clients) + 1}"
        self.clients.append(Process(name, self.on_last_host(words), self.folder))
        return self.clients[-1]
