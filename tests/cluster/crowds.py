"""Many sessions in few processes (support/faults/crowd.c), which all ask at once.

with Crowd(cluster, sessions=60, processes=2, settings={"weft.test.taskDelay": "500ms"}) as crowd:
    crowd.ask()                  # each session runs a statement of its own
    cluster.coordinators[0].kill()
    crowd.answers()              # {"right": 60, "wrong": 0, "none": 0, "first": ""}"""

import collections
import json
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import cluster as harness


class Crowd:
    """cluster: Leaders, whose keys and addresses it takes."""

    def __init__(self, cluster, sessions, processes=1, settings=None):
        words = [
            os.path.join(harness.FAULTS, "crowd"),
            cluster.url,
            cluster.keys,
            str(sessions // processes),
        ]
        for pair in (settings or {}).items():
            words += pair
        self.children = [
            subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=harness._die_with_parent,
            )
            for _ in range(processes)
        ]
        for child in self.children:
            if child.stdout.readline() != "opened\n":
                self.close()
                raise harness.ClusterError("the sessions of a crowd cannot be opened")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def pids(self):
        return [child.pid for child in self.children]

    def ask(self):
        for child in self.children:
            child.stdin.write("ask\n")
            child.stdin.flush()

    def answers(self):
        """Of all processes together, once every session has its answer or none."""
        total, first = collections.Counter(), ""
        for child in self.children:
            told = json.loads(child.stdout.readline())
            first = first or told.pop("first")
            total.update({key: told[key] for key in ("right", "wrong", "none")})
        return {**total, "first": first}

    def close(self):
        for child in self.children:
            child.stdin.close()
        for child in self.children:
            try:
                child.wait(harness.PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            child.stdout.close()


def timed(crowd):
    """Seconds in which all have their answers, right ones."""
    began = time.monotonic()
    crowd.ask()
    answers = crowd.answers()
    if answers["wrong"] + answers["none"] > 0:
        raise harness.ClusterError(f"a quiet round gave {answers}")
    return round(time.monotonic() - began, 1)


def jobs(cluster, index):
    return json.loads(cluster.ask(index, "/api/v1/jobs?limit=1000")[1])


def last_job(cluster, index):
    return max((int(job["id"]) for job in jobs(cluster, index)), default=0)


def succeeded(cluster, index, since=0):
    """Has a job after this number ended well? The others of a crowd are a task old by then, and on record."""
    return any(job["state"] == "SUCCEEDED" and int(job["id"]) > since for job in jobs(cluster, index))


def count(process, event):
    return len(re.findall(rf"^\S+ \w+ {event}\b", process.text(), re.MULTILINE))


def carried_over(cluster, index):
    """Jobs that this leader has found on record."""
    found = re.search(
        r"sessions_recovered sessions=\d+ jobs=(\d+)",
        cluster.coordinators[index].text(),
    )
    return int(found.group(1)) if found else 0
