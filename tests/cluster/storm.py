#!/usr/bin/env python3
"""The second tier: what takes minutes. scripts/storm runs it.

    storm.py --weft WEFT --data DIR [--scale 1] [--seed N] [--minutes 10] [--jobs 10000] [--only NAME,…]

Scenarios, each with its own cluster; the result of each is a line of JSON in --out:
  kills    TPC-H on three workers with a kill -9 in the middle of every query;
  leaders  TPC-H in one session while the leading coordinator is killed, --leaders times (50);
  crowd    --sessions sessions of four processes (1,000) come back at once when their leader is killed;
  large    a statement of 50 MB and a session's file of 200 MB, whose leader is killed;
  uploads  a file of 200 MB on its way to its session, whose leader is killed in the middle;
  storm    mixed queries while something is killed or stopped every few seconds;
  stopped  a worker that reads from others stands still for 20 s, then the coordinator for 15 s;
  shuffle  all-to-all exchanges, one slot a worker, one page a reader, little memory, 100 times;
  messages all queries while control messages come late, twice, out of order, again or never;
  calls    the n-th read, write, sync, open, send or receive of a worker fails, n swept;
  results  2 GB read by a slow client, the leader killed at 30 %, then a worker that holds the rest (scale 1);
  records  many jobs with a journal in ZooKeeper, a third of them on record: the same, and nodes and bytes;
  jobs     many small jobs in a row: memory, descriptors, threads and files stay flat in every process.

The seed decides what is hurt and when; the machine decides how far a query is then."""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True
import calls  # noqa: E402
import cluster as harness  # noqa: E402
import crowds  # noqa: E402
import large  # noqa: E402
import readers  # noqa: E402
import records  # noqa: E402
import takeovers  # noqa: E402
from cluster import Cluster, in_background, until  # noqa: E402
from cluster_case import data_folder  # noqa: E402
from leaders import Leaders  # noqa: E402
from support import tpch, weft_cli  # noqa: E402
from support.tpch import compare, generate  # noqa: E402

TASK_DELAY = "20ms"
FLAT_GROWTH = 1.1  # resident memory after all jobs against that after the first tenth of them


class Wrong(Exception):
    """The cluster did what it must not do."""


class Storm:
    def __init__(self, options):
        self.options, self.random = options, random.Random(options.seed)
        self.views = tpch.view_statements(options.data)
        self.answers = {}

    def expected(self, query):
        if query not in self.answers:
            called = weft_cli.run_statements(harness.WEFT, self.statements([query]), timeout=600)
            if called.code != 0:
                raise Wrong(f"q{query} in one process: {called.message}")
            self.answers[query] = called.rows[-1]
        return self.answers[query]

    def statements(self, queries):
        return [*self.views, *(tpch.query_text(query, self.options.scale) for query in queries)]

    def check(self, called, queries):
        if called.code != 0:
            raise Wrong(f"queries {queries}: exit code {called.code}: {called.message}")
        for query, rows in zip(queries, called.rows[len(self.views) :], strict=True):
            want = self.expected(query)
            wrong = compare.difference(
                query, compare.from_text(want[1:], query), compare.from_text(rows[1:], query)
            )
            if rows[0] != want[0] or wrong is not None:
                raise Wrong(f"q{query}: {wrong or 'other columns'}")

    # -- scenarios: each gives a dict of what was counted --

    def kills(self):
        """A kill that comes too late, after the query, is tried again earlier."""
        counted = {"queries": 0, "kills": 0, "tasks_rerun": 0, "blocks_lost": 0, "tries": 0}
        with Cluster(workers=3) as cluster:
            for query in tpch.QUERIES:
                wanted = self.random.randint(1, 12)
                while True:
                    counted["tries"] += 1
                    job = self.kill_once(cluster, query, wanted)
                    cluster.start_worker(wait=False)
                    cluster.wait_for_workers(3)
                    if job is not None:
                        break
                    wanted = max(1, wanted // 2)
                counted["queries"] += 1
                counted["kills"] += 1
                counted["tasks_rerun"] += job["tasks_rerun"]
                counted["blocks_lost"] += job["blocks_lost"]
        return counted

    def kill_once(self, cluster, query, wanted):
        """Kill the busiest worker after so many tasks; the job, or None when nothing had to run again."""
        path = os.path.join(cluster.folder, f"events{time.monotonic_ns()}.jsonl")
        conf = {"weft.test.taskDelay": TASK_DELAY, "weft.eventLog.path": path}
        future = in_background(cluster.sql, self.statements([query]), conf, timeout=600)
        until(lambda: future.done() or cluster.tasks_done() >= wanted, f"{wanted} tasks of q{query}")
        victim, _ = until(lambda: cluster.busiest() or future.done() and (None, None), "busy worker")
        (victim or cluster.workers[-1]).kill()
        self.check(future.result(), [query])
        needless = cluster.needless_runs(path)
        if needless:
            raise Wrong(f"q{query}: {needless}")
        job = cluster.last_job()
        return job if job["tasks_rerun"] > 0 else None

    def leaders(self):
        """Nothing that ended runs again, whoever leads; seconds from a kill until a worker has the next
        leader, and until the next task ends: the middle one and the longest."""
        counted = {"queries": 0, "kills": 0, "jobs_carried_over": 0}
        conf = {"weft.test.taskDelay": TASK_DELAY}
        heard, ended = [], []
        while counted["kills"] < self.options.leaders:
            with Leaders(coordinators=2, workers=3, worker_args=takeovers.WORKER_ARGS) as cluster:
                queries = self.random.sample(tpch.QUERIES, len(tpch.QUERIES))
                hunt = takeovers.Takeovers(cluster, self.random)
                kills = min(10, self.options.leaders - counted["kills"])
                self.check(hunt.batch(self.statements(queries), kills, conf), queries)
                found = takeovers.attempts(cluster.workers)
                again = takeovers.ran_again(found)
                if again:
                    raise Wrong(f"ran again: {again}")
                counted["queries"] += len(queries)
                counted["kills"] += len(hunt.kills)
                counted["jobs_carried_over"] += hunt.carried_over(found)
                heard += [delay for delay, _ in hunt.delays() if delay is not None]
                ended += [delay for _, delay in hunt.delays() if delay is not None]
        for name, delays in (("leader_s", heard), ("task_s", ended)):
            counted[name] = [round(statistics.median(delays), 2), round(max(delays), 2)]
        if counted["jobs_carried_over"] == 0:
            raise Wrong("no job was carried over: the kills hit nothing")
        return counted

    def crowd(self):
        """Sessions with ZooKeeper of 6 s, as people have them. Seconds from the kill until
        all have their answers, and of a round before and after it; how often somebody came to lead."""
        sessions = self.options.sessions
        with Leaders(timeout="6s", worker_args=["--cores", "64"]) as cluster:
            for _ in range(2):
                cluster.start_worker()
            with crowds.Crowd(cluster, sessions, 4, {"weft.test.taskDelay": "500ms"}) as crowd:
                counted = {"sessions": sessions, "quiet_s": crowds.timed(crowd)}
                leader = cluster.leader()
                last = crowds.last_job(cluster, leader)
                crowd.ask()
                until(lambda: crowds.succeeded(cluster, leader, last), "statement that has been answered")
                at = time.monotonic()
                cluster.coordinators[leader].kill()
                counted["answers"] = crowd.answers()
                counted["answered_s"] = round(time.monotonic() - at, 1)
                counted["jobs_carried_over"] = crowds.carried_over(cluster, 1 - leader)
                counted["leaders"] = sum(crowds.count(c, "leads") for c in cluster.coordinators)
                counted["after_s"] = crowds.timed(crowd)
        if counted["answers"]["right"] != sessions or counted["jobs_carried_over"] == 0:
            raise Wrong(f"not all were answered, or no job was hit: {counted}")
        return counted

    def large(self):
        """A statement of 50 MB reads a session's file of 200 MB; its leader is killed when the records of
        both are on the standby, and a worker has begun with it. ZooKeeper has 128 MB of heap; its nodes and
        bytes before, then and after."""
        workers = [*takeovers.WORKER_ARGS, "--memory", "2g"]
        with Leaders(coordinators=2, worker_args=workers, coordinator_args=["--blob-keep", "5s"]) as cluster:
            for _ in range(2):
                cluster.start_worker()
            table = os.path.join(data_folder(), "lineitem.parquet")
            path = large.parquet_file(cluster.folder, "big.parquet", table, 200_000_000)
            counted = {"file_bytes": os.path.getsize(path), "before": large.counted(cluster)}
            query = large.query("artifact:files/big.parquet", 50_000_000, "c")
            counted["statement_bytes"] = len(query)
            read = "SELECT count(*) FROM parquet.`artifact:files/big.parquet`"
            leader = cluster.leader()
            client = large.script(
                cluster, [f"ADD FILE '{path}'", "SET weft.test.taskDelay = 5s", query, "LIST FILES", read]
            )
            other = 1 - leader
            until(lambda: sum(large.blobs(cluster, other).values()) > 100_000_000, "records on the standby")
            counted["records_bytes"] = sum(large.blobs(cluster, other).values())
            counted["with"] = large.counted(cluster)
            until(lambda: takeovers.attempts(cluster.workers), "attempt that is carried over")
            at = time.monotonic()
            cluster.coordinators[leader].kill()
            cluster.until_leads({other})
            counted["leads_s"] = round(time.monotonic() - at, 1)
            text = large.finish(client, 600)
            counted["ended_s"] = round(time.monotonic() - at, 1)
            found = takeovers.attempts(cluster.workers)
            again = takeovers.ran_again(found)
            if client.child.returncode != 0 or "A,30053" not in text or "120321" not in text or again:
                raise Wrong(f"the statement ended otherwise, or ran again {again}: {text[-2000:]}")
            jobs = [{a.epoch for a in found if a.task[0] == job} for job in {a.task[0] for a in found}]
            counted["jobs_carried_over"] = sum(len(epochs) == 2 for epochs in jobs)
            until(lambda: not large.blobs(cluster, other, "artifacts"), "end of the file with its session")
            counted["after"] = large.counted(cluster)
        if counted["jobs_carried_over"] == 0:
            raise Wrong("no job was carried over: the kill hit nothing")
        return counted

    def uploads(self):
        """With the client stopped, a part of the file is there: then the leader is killed."""
        workers = [*takeovers.WORKER_ARGS, "--memory", "1g"]
        keep = ["--blob-keep", "5s", "--session-grace", "20s"]  # its last word may be lost
        with Leaders(coordinators=3, worker_args=workers, coordinator_args=keep) as cluster:
            cluster.start_worker()
            table = os.path.join(data_folder(), "lineitem.parquet")
            path = large.parquet_file(cluster.folder, "big.parquet", table, 200_000_000)
            counted = {"file_bytes": os.path.getsize(path)}
            read = "SELECT count(*) FROM parquet.`artifact:files/big.parquet`"
            client = large.script(cluster, [f"ADD FILE '{path}'", "LIST FILES", read])
            leader = large.catch_upload(cluster, client)
            if leader is None:
                raise Wrong("the upload was not caught in its middle")
            at = time.monotonic()
            large.kill_leader(cluster, leader)
            counted["leads_s"] = round(time.monotonic() - at, 1)
            client.resume()
            text = large.finish(client, 600)
            counted["ended_s"] = round(time.monotonic() - at, 1)
            if client.child.returncode != 0 or "120321" not in text:
                raise Wrong(f"it ended otherwise: {text[-2000:]}")
            cluster.start_coordinator(leader)
            for index in range(cluster.count):
                until(lambda: not large.being_written(cluster, index), "end of what was written in part")
                until(lambda: not large.blobs(cluster, index, "artifacts"), "end of the file")
        return counted

    def storm(self):
        counted = {"queries": 0, "kill": 0, "pause": 0, "client": 0}
        end = time.monotonic() + 60 * self.options.minutes
        with Cluster(workers=4) as cluster:
            running = []
            while time.monotonic() < end:
                running = [self.reap(item, counted) for item in running]
                running = [item for item in running if item is not None]
                while len(running) < 3:
                    queries = self.random.sample(tpch.QUERIES, 3)
                    conf = {"weft.test.taskDelay": TASK_DELAY}
                    running.append(
                        (in_background(cluster.sql, self.statements(queries), conf, timeout=900), queries)
                    )
                time.sleep(self.random.uniform(1, 5))
                self.hurt(cluster, counted)
            for future, queries in running:
                self.check(future.result(), queries)
                counted["queries"] += len(queries)
            counted["tasks_rerun"] = cluster.status()["tasks"]["rerun"]
            counted["workers_lost"] = cluster.status()["workers"]["lost"]
        if counted["tasks_rerun"] == 0:
            raise Wrong("nothing ran again: the faults hit nothing")
        return counted

    def reap(self, item, counted):
        """Check a client that has ended; the item when it has not."""
        future, queries = item
        if not future.done():
            return item
        self.check(future.result(), queries)
        counted["queries"] += len(queries)
        return None

    def hurt(self, cluster, counted):
        alive = [worker for worker in cluster.workers if worker.alive and not worker.paused]
        kind = self.random.choice(("kill", "kill", "pause", "client"))
        counted[kind] += 1
        if kind == "client":
            client = cluster.client("SELECT 1", {"weft.test.taskDelay": "60s"})
            until(lambda: any(job["text"].strip() == "SELECT 1" for job in cluster.running_jobs()), "client")
            client.kill()
            return
        victim = self.random.choice(alive)
        if kind == "kill":
            victim.kill()
            cluster.start_worker(wait=False)
        else:
            victim.pause()
            time.sleep(self.random.uniform(0.2, 4))
            victim.resume()

    def stopped(self):
        """Scenario 35."""
        options = ["--worker-timeout", "120s"]
        with Cluster(workers=3, memory="64m", coordinator_args=options) as cluster:
            conf = {"spark.sql.autoBroadcastJoinThreshold": "-1"}
            future = in_background(cluster.sql, self.statements([9, 21, 18]), conf, timeout=900)
            victim = until(lambda: cluster.pause_a_reader() or future.done(), "worker in mid-fetch")
            if victim is True:
                raise Wrong("the queries ended before a worker was caught at reading")
            senders = [worker for worker in cluster.workers if worker is not victim]
            before = [worker.resident_bytes() for worker in senders]
            grown, end = 0, time.monotonic() + 20
            while time.monotonic() < end:
                time.sleep(0.1)
                grown = max(grown, *(w.resident_bytes() - b for w, b in zip(senders, before)))
            victim.resume()
            self.check(future.result(), [9, 21, 18])
            cluster.wait_for_workers(3)
            if grown > 64 << 20:
                raise Wrong(f"a sender grew by {grown} bytes while its reader stood still")
            conf["weft.test.taskDelay"] = "200ms"
            future = in_background(cluster.sql, self.statements([9]), conf, timeout=900)
            until(lambda: cluster.tasks_done() >= 6, "finished tasks")
            cluster.coordinator.pause()
            time.sleep(15)
            cluster.coordinator.resume()
            self.check(future.result(), [9])
            if cluster.status()["workers"]["lost"] != 0:
                raise Wrong("a worker was declared dead because it or the coordinator stood still")
            peaks = [worker.peak_bytes() for worker in cluster.workers if worker.alive]
            if max(peaks) > (64 << 20) + 100_000_000:
                raise Wrong(f"resident memory of a worker: {max(peaks)} bytes")
            return {"peak_bytes": max(peaks), "sender_grew_bytes": grown}

    def shuffle(self):
        """Scenario 36."""
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "16"}
        one_page = ["--conf", "weft.test.fetchAhead=false"]
        with Cluster(workers=3, memory="16m", worker_args=one_page) as cluster:
            for _ in range(100):
                self.check(cluster.sql(self.statements([3]), conf, timeout=600), [3])
            return {"runs": 100, "bytes_exchanged": cluster.status()["bytes_exchanged"]}

    def messages(self):
        """Scenario 24, and the latency of 15: through proxies of several kinds."""
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "weft.test.taskDelay": TASK_DELAY}
        kinds = (
            ["delay_ms=200"],
            ["twice=300", "again=300", "delay_ms=5"],
            ["swapped=40", "delay_ms=5"],
            ["dropped=15"],
            ["delay_ms=20", "twice=100", "again=100", "swapped=20", "dropped=10"],
        )
        counted = {}
        for number, options in enumerate(kinds):
            queries = tpch.QUERIES if number > 0 else (3, 9)
            options = [f"seed={self.options.seed}", *options]
            with Cluster(workers=3, proxy=options) as cluster:
                self.check(cluster.sql(self.statements(queries), conf, timeout=1200), queries)
                tasks, workers = cluster.status()["tasks"], cluster.status()["workers"]
                if any(not process.alive for process in [cluster.coordinator, *cluster.workers]):
                    raise Wrong(f"a process ended: {options}")
                did = cluster.end_proxy()
                if any(
                    did[option.partition("=")[0].replace("delay_ms", "delayed")] == 0
                    for option in options[1:]
                ):
                    raise Wrong(f"the proxy did not do all of {options}: {did}")
                counted[" ".join(options[1:])] = {
                    **did,
                    "tasks_rerun": tasks["rerun"],
                    "workers_lost": workers["lost"],
                }
        quiet = counted["twice=300 again=300 delay_ms=5"]
        if quiet["tasks_rerun"] + quiet["workers_lost"] > 0:
            raise Wrong(f"messages that came twice changed something: {quiet}")
        return counted

    def calls(self):
        """Scenario 17. The numbers up to 16, then about half as many again each, with every error of a kind;
        as far as a worker's part in three queries has so many calls."""
        counted = {"fired": 0, "planned": 0, "failed": {}}
        most = {"read": 24, "write": 64, "sync": 6, "open": 48, "send": 512, "receive": 512}
        sweep = [*range(1, 17), 24, 32, 48, 64, 96, 128, 192, 256, 512]
        for call, errors in calls.ERRORS.items():
            planned = [(number, error) for number in sweep if number <= most[call] for error in errors]
            for at in range(0, len(planned), 6):
                self.calls_once(call, planned[at : at + 6], counted)
        if counted["fired"] * 3 < counted["planned"]:
            raise Wrong(f"few calls failed: {counted}")
        return counted

    def calls_once(self, call, planned, counted):
        """Six workers with a fault each, and one without."""
        conf = {"spark.sql.autoBroadcastJoinThreshold": "-1", "weft.test.forceSpill": "true"}
        with Cluster(workers=1, memory="64m") as cluster:
            faults = [calls.Fault(cluster.folder, call, number, error) for number, error in planned]
            calls.start_workers(cluster, faults)
            path = os.path.join(cluster.folder, "table")
            rows = "SELECT * FROM orders WHERE o_custkey % 7 = 1"
            write = f"INSERT OVERWRITE DIRECTORY '{path}' USING parquet {rows}"
            read = f"SELECT count(*), sum(o_totalprice), max(o_comment) FROM parquet.`{path}`"
            for query in (3, 18, 9):
                texts = [*self.statements([query]), write, read]
                self.ask_until_good(cluster, texts, query, conf, counted)
                if all(fault.fired for fault in faults):
                    break
            for process in [cluster.coordinator, *cluster.workers]:
                wrong = calls.wrong_end(process)
                if wrong is not None:
                    raise Wrong(f"{[fault.name for fault in faults]}: {wrong}")
            counted["planned"] += len(faults)
            counted["fired"] += sum(fault.fired for fault in faults)

    def ask_until_good(self, cluster, texts, query, conf, counted):
        """Each fault fires once, so as many failures may come, each with its cause."""
        for _ in range(8):
            called = cluster.sql(texts, conf, timeout=600)
            if called.code == 0:
                break
            cause = calls.cause_of(called) or "none"
            counted["failed"][cause] = counted["failed"].get(cause, 0) + 1
            if cause == "none" or "INTERNAL" in cause:
                raise Wrong(f"q{query}: {called.message}")
        else:
            raise Wrong(f"q{query} fails again and again: {called.message}")
        written = called.rows.pop()
        called.rows.pop()
        self.check(called, [query])
        rows = "SELECT count(*), sum(o_totalprice), max(o_comment) FROM orders WHERE o_custkey % 7 = 1"
        if "written" not in self.answers:
            self.answers["written"] = weft_cli.run_statements(harness.WEFT, [*self.views, rows]).rows[-1][1]
        if written[1] != self.answers["written"]:
            raise Wrong(f"what was written is {written[1]}, not {self.answers['written']}")

    def jobs(self):
        """Measured after a tenth of the jobs and after all of them."""
        total, batch = self.options.jobs, max(1, self.options.jobs // 100)
        text = "SELECT count(*), sum(n_nationkey) FROM nation"
        with Cluster(workers=2, memory="64m") as cluster:
            processes = [cluster.coordinator, *cluster.workers]
            before, done = None, 0
            while done < total:
                called = cluster.sql([*self.views, *[text] * batch], timeout=600)
                answers = called.rows[len(self.views) :]
                if called.code != 0 or any(rows[1] != ["25", "300"] for rows in answers):
                    raise Wrong(f"after {done} jobs: {called.message}")
                done += batch
                if before is None and done >= total // 10:
                    before = [measure(process) for process in processes]
            after = [measure(process) for process in processes]
        check_flat(processes, before, after)
        return {"jobs": done, "before": before, "after": after}

    def results(self):
        """Scenario 34, with keys. How fast it is read is the machine's: the client waits now and then."""
        view = next(text for text in self.views if "lineitem" in text)
        rows = "SELECT l_orderkey, l_linenumber, repeat(l_comment, 13) AS text FROM lineitem ORDER BY 1, 2"
        with Leaders(workers=2, timeout="6s", worker_args=takeovers.WORKER_ARGS) as cluster:
            counted = readers.read_over_faults(cluster, f"{view}; {rows}")
        wrong = readers.what_is_wrong(counted, 256 << 20)
        if wrong is not None:
            raise Wrong(f"{wrong}: {counted}")
        return counted

    def records(self):
        """Measured after half of the jobs, when more are on record than are kept, and after all of them."""
        total = self.options.jobs
        with Leaders(coordinators=2, workers=2, timeout="6s", worker_args=["--cores", "8"]) as cluster:
            processes = [*cluster.coordinators, *cluster.workers]
            counted = []
            for _ in range(2):
                done = records.run_jobs(cluster, self.views, total // 2)
                nodes = records.count_nodes(cluster)
                counted.append(
                    {"jobs": done, "nodes": nodes, "processes": [measure(process) for process in processes]}
                )
            leaders = sum(crowds.count(process, "leads") for process in cluster.coordinators)
        first, last = counted
        check_flat(processes, first["processes"], last["processes"])
        for name in ("others", "others_nodes", "others_bytes"):
            if last["nodes"][name] > first["nodes"][name] * FLAT_GROWTH + 100:
                raise Wrong(f"{name} grew: {counted}")
        if first["nodes"]["others"] < 900 or first["nodes"]["writes"] != first["jobs"] // records.BATCH:
            raise Wrong(f"few jobs went on record: {counted}")
        return {"half": first, "all": last, "leaders": leaders}


def check_flat(processes, before, after):
    for process, first, last in zip(processes, before, after):
        for name, value in last.items():
            most = first[name] * FLAT_GROWTH + (8 << 20 if name == "resident_bytes" else 2)
            if value > most:
                raise Wrong(f"{process.name}: {name} grew from {first[name]} to {value}")


def measure(process):
    """Files: those of the working folder, also nameless ones that are still open."""
    files = sum(len(names) for _, _, names in os.walk(process.folder))
    return {
        "resident_bytes": process.resident_bytes(),
        "descriptors": process.descriptors(),
        "threads": len(os.listdir(f"/proc/{process.pid}/task")),
        "files": files,
    }


def revision():
    done = subprocess.run(["git", "-C", HERE, "rev-parse", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = (
        "kills",
        "leaders",
        "crowd",
        "large",
        "uploads",
        "storm",
        "stopped",
        "shuffle",
        "messages",
        "calls",
        "records",
        "jobs",
    )
    parser.add_argument("--weft", default=harness.WEFT)
    parser.add_argument("--data", help="folder of TPC-H tables; default: made in build/data")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0, help="0: a new one")
    parser.add_argument("--minutes", type=float, default=10, help="of the scenario storm")
    parser.add_argument("--jobs", type=int, default=10000, help="of the scenarios records and jobs")
    parser.add_argument("--leaders", type=int, default=50, help="kills of the scenario leaders")
    parser.add_argument("--sessions", type=int, default=1000, help="of the scenario crowd")
    parser.add_argument("--only", default=",".join(names))
    parser.add_argument("--out", default="build/storm.jsonl")
    options = parser.parse_args()
    harness.WEFT = os.path.abspath(options.weft)
    options.seed = options.seed or random.SystemRandom().randrange(1, 1 << 31)
    options.data = generate.find_or_generate(options.data, options.scale)
    failed = 0
    for name in options.only.split(","):
        storm, start = Storm(options), time.monotonic()
        result = {"scenario": name, "revision": revision(), "seed": options.seed, "scale": options.scale}
        try:
            result["counted"] = getattr(storm, name)()
            result["passed"] = True
        except (Wrong, harness.ClusterError) as error:
            result["passed"], result["error"] = False, str(error)
            failed += 1
        result["seconds"] = round(time.monotonic() - start, 1)
        line = json.dumps(result)
        print(("PASS " if result["passed"] else "FAIL ") + line, flush=True)
        with open(options.out, "a", encoding="utf-8") as out:
            out.write(line + "\n")
    print(f"storm: seed {options.seed}, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
