"""System calls that fail in processes of a cluster: the n-th of a kind, once. See failing_calls.c in
support/faults."""

import os
import re

from cluster import FAULTS, preloaded

# What the kernel may answer. SHORT: only the first byte was read or written.
ERRORS = {
    "read": ("EIO", "SHORT"),
    "write": ("ENOSPC", "EIO", "SHORT"),
    "sync": ("EIO", "ENOSPC"),
    "open": ("EMFILE", "ENOSPC", "EIO"),
    "send": ("ECONNRESET", "SHORT", "EPIPE", "ENOBUFS"),
    "receive": ("ECONNRESET", "SHORT", "ETIMEDOUT"),
}
CAUSE = re.compile(r"\[([A-Z_.0-9]+)\]")


class Fault:
    """The number-th call of a kind in one process."""

    def __init__(self, folder, call, number, error):
        self.name = f"{call} {number} {error}"
        self.tell = os.path.join(folder, f"{call}-{number}-{error}.fired")
        self.process = None
        self.environment = {
            **preloaded("libfailing_calls.so"),
            "WEFT_FAIL_CALL": call,
            "WEFT_FAIL_NUMBER": str(number),
            "WEFT_FAIL_WITH": error,
            "WEFT_FAIL_TELL": self.tell,
        }

    @property
    def fired(self):
        return os.path.exists(self.tell)

    def what(self):
        """Which call it was, on what."""
        with open(self.tell, encoding="utf-8", errors="replace") as file:
            return file.read().strip()


def faults(folder, call, numbers):
    """One of each number, with the errors of its kind in turn."""
    errors = ERRORS[call]
    return [Fault(folder, call, number, errors[i % len(errors)]) for i, number in enumerate(numbers)]


def start_workers(cluster, planned):
    for fault in planned:
        fault.process = cluster.start_worker(wait=False, environment=fault.environment)


def cause_of(called):
    """The name of the error that a client shows; None when it shows none."""
    found = CAUSE.search(called.stderr)
    return found.group(1) if found else None


def wrong_end(process):
    """None when a process lives, or ended in order and said why; else what is wrong."""
    code = process.child.poll()
    if code is None:
        return None
    if code == 1 and re.search(r"^weft (worker|coordinator): \w", process.text(), re.M):
        return None
    return f"{process.name} ended with {code}: {process.text()[-600:]}"
