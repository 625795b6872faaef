"""A client that reads a large result as slowly as one likes, and keeps nothing of it but its digest."""

import hashlib
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import cluster as harness
import crowds
import takeovers

PIECE = 1 << 16
SAMPLE_BYTES = 16 << 20  # memory is looked at so often
FLAT_BYTES = 160 << 20  # above what a process may take for pages on their way, whatever the result's size


def peak_bytes(pid):
    """The largest resident set so far; 0: it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


class Reader:
    """A `weft sql` of one cluster of Leaders, in CSV."""

    def __init__(self, cluster, text):
        words = [harness.WEFT, "sql", "-S", "--format", "csv", "--memory", "256m", "-e", text]
        self.errors = os.path.join(cluster.folder, f"reader{time.monotonic_ns()}")
        with open(self.errors, "wb") as errors:
            self.child = subprocess.Popen(
                [*words, "--master", cluster.url, "--keys", cluster.keys],
                stdout=subprocess.PIPE,
                stderr=errors,
                preexec_fn=harness._die_with_parent,
            )
        self.bytes, self.digest, self.peak, self.sampled = 0, hashlib.sha256(), 0, 0

    def take(self, count=None, pause_s=0.0):
        """Read until so many bytes have come in all (None: to the end)."""
        while count is None or self.bytes < count:
            piece = self.child.stdout.read(PIECE)
            if not piece:
                break
            self.bytes += len(piece)
            self.digest.update(piece)
            if self.bytes - self.sampled >= SAMPLE_BYTES:
                self.sampled = self.bytes
                self.peak = max(self.peak, peak_bytes(self.child.pid))
            if pause_s > 0:
                time.sleep(pause_s)
        return self.bytes

    def finish(self):
        """(bytes, digest), after the last one."""
        self.take()
        code = self.child.wait(harness.PATIENCE_S)
        self.child.stdout.close()
        with open(self.errors, encoding="utf-8") as file:
            said = file.read()
        if code != 0 or said:
            raise harness.ClusterError(f"the reader ended with {code}: {said}")
        return self.bytes, self.digest.hexdigest()

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


def holder(cluster):
    """The worker that has made the last block of the result that is read now, by its log."""

    def last_block(worker):
        ended = [a.task for a in takeovers.attempts([worker]) if a.event == "ends" and a.status == "OK"]
        return max(ended, default=(0,))

    return max(cluster.workers, key=last_block)


def read_over_faults(cluster, text):
    """The result as it is, then by a slow client that has read 30 % when the leader is killed, and half of it
    when a worker is that holds the rest: what was counted. made_again: tasks that other workers began then.
    cluster: with takeovers.WORKER_ARGS."""
    quiet = Reader(cluster, text)
    try:
        size, digest = quiet.finish()
    finally:
        quiet.close()
    reader, leader = Reader(cluster, text), cluster.leader()
    try:
        reader.take(size * 3 // 10, pause_s=0.0005)
        cluster.coordinators[leader].kill()
        follower = cluster.until_leads({index for index in range(cluster.count) if index != leader})
        reader.take(size // 2)
        victim = holder(cluster)
        at = time.time()
        victim.kill()
        found = reader.finish()
    finally:
        reader.close()
    others = [worker for worker in cluster.workers if worker is not victim]
    again = [a for a in takeovers.attempts(others) if a.event == "begins" and a.at > at]
    processes = {"leader": cluster.coordinators[follower], "worker": others[0]}
    peaks = {name: process.peak_bytes() for name, process in processes.items()}
    peaks["client"] = max(quiet.peak, reader.peak)
    return {
        "bytes": size,
        "same": found == (size, digest),
        "jobs_carried_over": crowds.carried_over(cluster, follower),
        "made_again": len(again),
        "peak_bytes": peaks,
    }


def what_is_wrong(counted, worker_bytes, flat_bytes=FLAT_BYTES):
    """None, or a text. worker_bytes: its limit of memory; flat_bytes: what any process may have else."""
    if not counted["same"]:
        return "the rows are others"
    if counted["jobs_carried_over"] == 0 or counted["made_again"] == 0:
        return "a fault hit nothing"
    peaks = counted["peak_bytes"]
    if max(peaks["leader"], peaks["client"]) > flat_bytes or peaks["worker"] > worker_bytes + flat_bytes:
        return "a process took memory for the result"
    return None
