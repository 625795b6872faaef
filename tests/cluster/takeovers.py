"""A batch of queries by one client while the leading coordinator is killed again and again.

What ran is read from the workers' own logs (--log-level debug): a coordinator that counts wrong would count
itself right."""

import datetime
import json
import re
import sys
import time

sys.dont_write_bytecode = True
from cluster import in_background, until

WORKER_ARGS = ("--log-level", "debug")
ATTEMPT = re.compile(
    r"^(\S+) DEBUG attempt_(begins|ends) job=(\d+) stage=(\d+) generation=(\d+) partition=(\d+) "
    r"attempt=(\d+) epoch=(\d+) status=(\S+)",
    re.MULTILINE,
)
REGISTERED = re.compile(r"^(\S+) INFO registered .* epoch=(\d+)$", re.MULTILINE)


def seconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Attempt:
    def __init__(self, fields):
        stamp, self.event, job, stage, generation, partition, attempt, epoch, self.status = fields
        self.at = seconds(stamp)
        self.task = (int(job), int(stage), int(generation), int(partition))
        self.number, self.epoch = int(attempt), int(epoch)


def attempts(workers):
    """All of them, in the order of time; the machine's clock is one."""
    found = [Attempt(fields) for worker in workers for fields in ATTEMPT.findall(worker.text())]
    return sorted(found, key=lambda attempt: attempt.at)


def running(worker):
    """Attempts that have begun there and have not ended."""
    names = {}
    for attempt in attempts([worker]):
        names[attempt.task, attempt.number] = attempt
    return [attempt for attempt in names.values() if attempt.event == "begins"]


def ended(worker):
    """Tasks that have ended well there."""
    return {a.task for a in attempts([worker]) if a.event == "ends" and a.status == "OK"}


def ran_again(found):
    """Tasks that began after they had ended well, while no worker was lost."""
    done, again = set(), []
    for attempt in found:
        if attempt.event == "begins" and attempt.task in done:
            again.append(attempt.task)
        elif attempt.event == "ends" and attempt.status == "OK":
            done.add(attempt.task)
    return again


class Takeovers:
    """kills leaders of `cluster` (Leaders with two coordinators or more) while a client works."""

    def __init__(self, cluster, random):
        self.cluster, self.random = cluster, random
        self.kills = []  # (moment, epoch of the next leader)

    def busy(self):
        """A task runs: a job without one, such as that of CREATE VIEW, has nothing to carry over."""
        leader = self.cluster.leader()
        if leader is None:
            return False
        status, body, _ = self.cluster.ask(leader, "/api/v1/jobs?status=running")
        return status == 200 and any(job["tasks_running"] > 0 for job in json.loads(body))

    def kill_leader(self, client, least=0.0, most=1.0):
        """At a random moment of a job. False: the client had ended before."""
        until(lambda: client.done() or self.busy(), "task that runs")
        time.sleep(self.random.uniform(least, most))
        if client.done():
            return False
        leader = until(lambda: (self.cluster.leader(),), "leader")[0]
        others = {index for index in range(self.cluster.count) if index != leader}
        at = time.time()
        self.cluster.coordinators[leader].kill()
        follower = self.cluster.until_leads(others)
        self.kills.append((at, int(self.cluster.state(follower)["epoch"])))
        self.cluster.start_coordinator(leader)
        self.cluster.until_state(leader, "STANDBY")
        return True

    def batch(self, statements, kills, conf=None, timeout=600):
        """Run the statements in one session; what `sql` answers."""
        client = in_background(self.cluster.sql, statements, conf=conf, timeout=timeout)
        while len(self.kills) < kills and self.kill_leader(client):
            pass
        return client.result()

    def carried_over(self, found):
        """Kills that hit a job which was there before, and went on after."""
        spans = {}
        for attempt in found:
            first, _ = spans.get(attempt.task[0], (attempt.at, None))
            spans[attempt.task[0]] = (first, attempt.at)
        return sum(any(first < at < last for first, last in spans.values()) for at, _ in self.kills)

    def delays(self):
        """For each kill: seconds until a worker had the next leader, and until a task of that one ended."""
        found, delays = attempts(self.cluster.workers), []
        registered = [
            (seconds(stamp), int(epoch))
            for worker in self.cluster.workers
            for stamp, epoch in REGISTERED.findall(worker.text())
        ]
        for at, epoch in self.kills:
            heard = [moment - at for moment, of in registered if of >= epoch and moment > at]
            ended = [a.at - at for a in found if a.event == "ends" and a.epoch >= epoch and a.at > at]
            delays.append((min(heard, default=None), min(ended, default=None)))
        return delays
