"""A cluster of real processes on this machine: started, hurt, looked at and ended by tests.

    with Cluster(workers=3) as cluster:
        called = cluster.sql(["SELECT 1"])
        cluster.workers[0].kill()

Every process has a folder of its own below cluster.folder, with its log and what it printed. Only processes
that were started here are ended, by their pid; they also end with the process that started them."""

import collections
import ctypes
import functools
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import tcp  # noqa: E402
from support import weft_cli  # noqa: E402

WEFT = os.path.abspath(os.environ.get("WEFT", os.path.join(HERE, "..", "..", "build", "release", "weft")))
FAULTS = os.path.join(os.path.dirname(WEFT), "tests", "support", "faults")  # the programs of that folder
PATIENCE_S = 90 * weft_cli.TIMES  # what a loaded machine may need for what takes a moment on a quiet one
MID_FETCH_BYTES = 8192  # more than heartbeats: a page or a part of one
RACE = "WARNING: ThreadSanitizer"  # in what a process prints that was built with it
LOG_TAIL = 4000  # characters of each log that a failure shows
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class ClusterError(Exception):
    """Something did not come in time, or a process ended that should not."""


def until(condition, what, seconds=PATIENCE_S):
    """Wait for a condition to be true and return what it gave. Never a statement about speed."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise ClusterError(f"in {seconds} s there was no {what}")
        time.sleep(0.01)


def with_settings(statements, conf, run):
    """run(statements), with settings that hold from the first statement on that makes no view."""
    first = next(i for i, text in enumerate(statements) if not text.upper().startswith("CREATE TEMP"))
    sets = [f"SET {key} = {value};\n" for key, value in (conf or {}).items()]
    called = run([*statements[:first], "".join(sets) + statements[first], *statements[first + 1 :]])
    if len(called.rows) > first:
        called.rows[first] = called.rows[first][2 * len(sets) :]  # SET gives a header and a row
    return called


@functools.cache
def sanitizer():
    """The library of the sanitizer that the program was built with, or None."""
    said = subprocess.run(["ldd", WEFT], capture_output=True, text=True).stdout
    found = re.search(r"=> (\S*/lib[at]san\.so\S*)", said)
    return found.group(1) if found else None


def preloaded(name):
    """Variables of a process into which a library of FAULTS is loaded; a sanitizer wants to be before it."""
    return {"LD_PRELOAD": " ".join(filter(None, [sanitizer(), os.path.join(FAULTS, name)]))}


def with_races(processes):
    """Of those in which the thread sanitizer has found some: name, and the first as it was told."""
    told = [(process.name, process.text().partition(RACE)) for process in processes if process is not None]
    return [f"{name}: {race}{text[:LOG_TAIL]}" for name, (_, race, text) in told if race]


def in_background(function, *arguments, **keywords):
    """The future of a call in a thread of its own."""
    future = Future()

    def run():
        try:
            future.set_result(function(*arguments, **keywords))
        except BaseException as error:  # noqa: BLE001: whatever it is belongs to who asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """A child in a folder of its own; what it prints and logs is kept there."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.folder, self.paused = name, os.path.join(folder, name), False
        os.makedirs(self.folder, exist_ok=True)
        self.log = os.path.join(self.folder, "log")
        variables = {**os.environ, "HOME": self.folder, **(environment or {})}
        for forbidden in ("WEFT_MASTER", "WEFT_CONF", "WEFT_KEYS"):
            variables.pop(forbidden, None)
        self.output = os.path.join(self.folder, "output")
        with open(self.output, "ab") as out:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env=variables,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self):
        return self.child.pid

    @property
    def alive(self):
        return self.child.poll() is None

    def text(self):
        """What it printed, then its log."""
        parts = []
        for path in (self.output, self.log):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    parts.append(file.read())
        return "\n".join(parts)

    def send(self, number):
        if self.alive:
            os.kill(self.pid, number)

    def kill(self):
        """kill -9, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.child.wait()

    def pause(self):
        self.send(signal.SIGSTOP)
        self.paused = True
        until(lambda: not self.alive or self._state() in "Tt", f"stop of {self.name}")

    def resume(self):
        self.send(signal.SIGCONT)
        self.paused = False

    def end(self, seconds=PATIENCE_S):
        """SIGTERM; the exit code. Kills, and gives None, when it does not end."""
        if self.paused:
            self.resume()
        self.send(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def _state(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def peak_bytes(self):
        """The largest resident set it ever had."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Cluster:
    """One coordinator and its workers. Used as a context; also by hand: start(), then close()."""

    def __init__(
        self,
        workers=3,
        cores=1,
        memory="256m",
        coordinator_args=(),
        worker_args=(),
        client_args=(),
        lab=None,
        proxy=None,
        coordinator_environment=None,
    ):
        self.worker_count, self.cores, self.memory = workers, cores, memory
        self.coordinator_args, self.worker_args = list(coordinator_args), list(worker_args)
        self.client_args = list(client_args)
        self.lab = lab  # hosts of a netlab: the coordinator on 1, workers on 2, 3, …
        self.coordinator_environment = coordinator_environment
        self.proxy_options = proxy  # of a chaos_proxy, through which all workers talk to the coordinator
        self.folder = tempfile.mkdtemp(prefix="weft-cluster-")
        self.coordinator, self.workers, self.clients = None, [], []
        self.raced = []  # coordinators that were started again
        self.proxy = self.master = None  # master: what workers connect to; None: the coordinator itself
        self.port = self.webui_port = 0
        self.started = 0

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
        self.start_coordinator()
        if self.proxy_options is not None:
            self.start_proxy()
        for _ in range(self.worker_count):
            self.start_worker(wait=False)
        self.wait_for_workers(self.worker_count)

    def host(self, index):
        return self.lab.address(index) if self.lab else "127.0.0.1"

    def command(self, index, words):
        return self.lab.command(index, words) if self.lab else list(words)

    def start_coordinator(self):
        """The first one takes free ports, one that is started again the same."""
        name = "coordinator"
        folder = os.path.join(self.folder, name)
        self.raced += with_races([self.coordinator])
        if os.path.exists(os.path.join(folder, "output")):
            os.remove(os.path.join(folder, "output"))
        words = [WEFT, "coordinator", "--host", self.host(1), "--port", str(self.port)]
        words += ["--webui-port", str(self.webui_port), "--work-dir", os.path.join(folder, "work")]
        words += ["--log-file", os.path.join(folder, "log"), *self.coordinator_args]
        self.coordinator = Process(name, self.command(1, words), self.folder, self.coordinator_environment)
        self.port, self.webui_port = self._ports(self.coordinator)

    def _ports(self, process):
        """From the line that a coordinator prints when it is ready."""

        def found():
            if not process.alive:
                raise ClusterError(f"{process.name} ended with {process.child.returncode}: {process.text()}")
            with open(process.output, encoding="utf-8", errors="replace") as file:
                text = file.read()
            address = re.search(r"weft://[^\s:]+:(\d+)", text)
            page = re.search(r"https?://[^\s:]+:(\d+)", text)
            return (int(address.group(1)), int(page.group(1))) if address and page else None

        return until(found, "ready line of the coordinator")

    def start_proxy(self):
        words = [os.path.join(FAULTS, "chaos_proxy"), f"tcp://{self.host(1)}:{self.port}"]
        self.proxy = Process("proxy", words + self.proxy_options, self.folder)
        line = until(lambda: re.search(r"ready: (\S+)\n", self.proxy.text()), "ready line of the proxy")
        self.master = line.group(1)

    def end_proxy(self):
        """What it did: numbers by name."""
        if self.proxy.end() != 0:
            raise ClusterError(f"the proxy ended with {self.proxy.child.returncode}")
        return json.loads(self.proxy.text().strip().splitlines()[-1])

    @property
    def url(self):
        return f"weft://{self.host(1)}:{self.port}"

    def start_worker(self, wait=True, host=None, args=(), environment=None):
        """One more; its Process, also the last one of self.workers."""
        self.started += 1
        index = host or self.started + 1
        name = f"worker{self.started}"
        folder = os.path.join(self.folder, name)
        words = [WEFT, "worker", self.master or self.url, "--host", self.host(index), "--port", "0"]
        words += ["--cores", str(self.cores), "--memory", self.memory]
        words += ["--work-dir", os.path.join(folder, "work")]
        words += ["--log-file", os.path.join(folder, "log"), *self.worker_args, *args]
        before = len(self.alive_workers()) if wait else 0
        worker = Process(name, self.command(index, words), self.folder, environment)
        self.workers.append(worker)
        if wait:
            self.wait_for_workers(before + 1)
        return worker

    def wait_for_workers(self, count):
        """Until so many are registered and heard."""

        def there():
            for process in self.workers:
                if not process.alive and process.child.returncode != -signal.SIGKILL:
                    raise ClusterError(f"{process.name} ended with {process.child.returncode}")
            return len(self.alive_workers()) == count

        until(there, f"{count} workers")

    def close(self, failed=False):
        """End everything that was started here and remove the folder."""
        processes = [*self.clients, *self.workers, self.proxy, self.coordinator]
        for process in processes:
            if process is not None and process.alive:
                process.send(signal.SIGCONT)
                process.kill()
        races = self.raced + with_races(processes)
        if failed or races:
            self.show_logs()
        shutil.rmtree(self.folder, ignore_errors=True)
        if races:
            raise ClusterError("the thread sanitizer found races in " + "\n".join(races))

    def show_logs(self):
        for process in [self.coordinator, self.proxy, *self.workers, *self.clients]:
            if process is not None:
                code = process.child.poll()
                print(f"--- {process.name}, exit code {code} ---", file=sys.stderr)
                print(process.text()[-LOG_TAIL:], file=sys.stderr)

    # -- clients --

    def arguments(self, conf=None, arguments=None):
        words = ["--master", self.url, *(self.client_args if arguments is None else arguments)]
        for key, value in (conf or {}).items():
            words += ["--conf", f"{key}={value}"]
        return words

    def sql(self, statements, conf=None, arguments=None, timeout=PATIENCE_S * 2):
        """Run statements in one `weft sql`; see weft_cli.Called. arguments: instead of client_args. conf: as
        in with_settings."""
        words, prefix = self.arguments(None, arguments), self.command(1, [])
        return with_settings(
            statements,
            conf,
            lambda texts: weft_cli.run_statements(WEFT, texts, words, timeout=timeout, prefix=prefix),
        )

    def client(self, text, conf=None, extra=()):
        """A `weft sql` that runs by itself; its stdout and stderr go to its output."""
        name = f"client{len(self.clients) + 1}"
        words = [WEFT, "sql", "-S", "-e", text, *self.arguments(conf), *extra]
        self.clients.append(Process(name, self.command(1, words), self.folder))
        return self.clients[-1]

    # -- what it says of itself --

    def get(self, path):
        """The document at a path of the coordinator's HTTP port, which is on its loopback too."""
        address = f"http://127.0.0.1:{self.webui_port}{path}"

        def fetch():
            for last in (False, False, True):
                try:
                    return urllib.request.urlopen(address, timeout=PATIENCE_S).read()
                except (ConnectionError, http.client.IncompleteRead):  # as of any server, one may break
                    if last:
                        raise

        body = self.lab.inside(1, fetch) if self.lab else fetch()
        return json.loads(body)

    def status(self):
        return self.get("/api/v1/cluster")

    def jobs(self):
        """All but those that only part the answers of one client's statements."""
        return [job for job in self.get("/api/v1/jobs") if weft_cli.MARKER not in job["text"]]

    def running_jobs(self):
        return [job for job in self.jobs() if job["state"] == "RUNNING"]

    def tasks_done(self):
        """How far the job that runs now is; 0 when there is none."""
        return max((job["tasks_done"] for job in self.running_jobs()), default=0)

    def last_job(self):
        return max(self.jobs(), key=lambda job: int(job["id"]))

    def listed_workers(self):
        return self.get("/api/v1/workers")

    def alive_workers(self):
        return [worker for worker in self.listed_workers() if worker["state"] == "ALIVE"]

    def uuid_of(self, process):
        found = until(lambda: re.search(r"uuid=([0-9a-f-]{36})", process.text()), "uuid in the worker's log")
        return found.group(1)

    def number_of(self, process):
        """The coordinator's number of a worker process that it knows."""
        uuid = self.uuid_of(process)
        for worker in self.listed_workers():
            if worker["uuid"] == uuid:
                return worker["id"]
        raise ClusterError(f"the coordinator does not list {process.name}")

    def needless_runs(self, path):
        """Of the last job, with its event log: tasks that ended well twice though no earlier end was on a
        worker that is gone, and though their stage is not one that must be made again as a whole."""
        job = self.get(f"/api/v1/jobs/{self.last_job()['id']}")
        whole = {stage["stage"] for stage in job["stage_list"] if stage["generation"] > 0}
        alive = {worker["id"] for worker in self.alive_workers()}
        twice = [f"{attempt} is logged as ended twice" for attempt in Events(path).ended_twice()]
        return twice + [
            f"task {stage}.{partition} ran again though its worker {worker} lives"
            for (number, stage, partition), workers in Events(path).run_again().items()
            for worker in workers
            if number == job["id"] and stage not in whole and worker in alive
        ]

    def busiest(self):
        """The (process, number) of the living worker with most running attempts; None when all idle."""
        numbers = {}
        for process in self.workers:
            if process.alive and not process.paused:
                uuid = re.search(r"uuid=([0-9a-f-]{36})", process.text())
                if uuid:
                    numbers[uuid.group(1)] = process
        found = [w for w in self.alive_workers() if w["uuid"] in numbers and w["running"] > 0]
        if not found:
            return None
        worker = max(found, key=lambda w: w["running"])
        return numbers[worker["uuid"]], worker["id"]

    def pause_a_reader(self):
        """Try each worker: the others stand still until it has read what it had asked for and asks for more,
        then it does while they answer. The one to which pages are on their way, and which stands still; None
        when there was none. Proof is what the kernel keeps for it."""
        ports = {process: tcp.listening_port(process.pid) for process in self.workers if process.alive}
        for reader in ports:
            others = [process for process in ports if process is not reader]
            for process in others:
                process.pause()
            time.sleep(0.1)
            reader.pause()
            for process in others:
                process.resume()
            time.sleep(0.05)
            sources = {ports[process] for process in others}
            waits = sum(c.waits for c in tcp.of_process(reader.pid) if c.remote in sources)
            if waits >= MID_FETCH_BYTES:
                return reader
            reader.resume()
        return None


class Events:
    """The event log of statements that ran with it: one JSON object a line."""

    def __init__(self, path):
        self.lines = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                self.lines.append(json.loads(line))

    def named(self, name):
        return [line for line in self.lines if line["Event"] == f"SparkListener{name}"]

    def task_ends(self):
        """{(job, stage, partition): [(attempt, worker number, failed, reason), …] in their order}"""
        return self._ends(self.named("TaskEnd"))

    @staticmethod
    def _ends(lines):
        ends = {}
        for line in lines:
            info = line["Task Info"]
            key = line["Job ID"], line["Stage ID"], info["Index"]
            reason = line["Task End Reason"]["Reason"]
            ends.setdefault(key, []).append(
                (info["Attempt"], int(info["Executor ID"]), info["Failed"], reason)
            )
        return ends

    def ended_twice(self):
        """Attempts with more than one end."""
        counted = collections.Counter(
            (
                line["Job ID"],
                line["Stage ID"],
                line["Stage Attempt ID"],
                line["Task Info"]["Index"],
                line["Task Info"]["Attempt"],
            )
            for line in self.named("TaskEnd")
        )
        return [attempt for attempt, count in counted.items() if count > 1]

    def run_again(self):
        """Tasks that ended well more than once, with the workers of all but the last of those ends; also ends
        that came too late to count. A report that was sent again, as its worker had to register again, is the
        end of the same attempt."""
        again = {}
        late = [line for line in self.lines if line["Event"] in ("SparkListenerTaskEnd", "WeftTaskLate")]
        for key, ends in self._ends(late).items():
            good = list(dict.fromkeys(end[:2] for end in ends if not end[2]))
            if len(good) > 1:
                again[key] = [worker for _, worker in good[:-1]]
        return again
