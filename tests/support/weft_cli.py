"""Run `weft sql` from Python: statements in, rows per statement out, and what it cost."""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

MARKER = "weft_test_marker"
TIMES = int(os.environ.get("WEFT_TEST_PATIENCE", "1"))  # as long as that is waited for anything


class CsvError(Exception):
    """What the program printed is no CSV."""


def parse_csv(text):
    """Rows of CSV text; an unquoted empty field is None (NULL), a quoted one is the empty string."""
    rows, row, position = [], [], 0
    while position < len(text):
        if text[position] == '"':
            end, field = position + 1, []
            while True:
                stop = text.find('"', end)
                if stop < 0:
                    raise CsvError("the program's CSV has an open quote")
                field.append(text[end:stop])
                if text[stop + 1 : stop + 2] != '"':
                    break
                field.append('"')
                end = stop + 2
            value, position = "".join(field), stop + 1
        else:
            stop = position
            while stop < len(text) and text[stop] not in ",\n":
                stop += 1
            value, position = text[position:stop].removesuffix("\r") or None, stop
        row.append(value)
        last = position >= len(text)
        if last or text[position] in "\r\n":
            rows.append(row)
            row = []
            position += 2 if text[position : position + 2] == "\r\n" else 1
        else:
            position += 1  # the comma
            if position == len(text):  # a comma at the very end
                rows.append(row + [None])
                row = []
    return rows


@dataclass
class Cost:
    """A finished child process."""

    code: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0  # largest resident set


def run_measured(command, stdout, stderr, cwd=None, environment=None, timeout=None):
    """Run a command from start to exit by an outside clock; stdout and stderr are open files."""
    start = time.monotonic()
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=cwd, env=environment
    )
    cost = Cost()
    while True:
        if timeout is None:
            _, status, usage = os.wait4(child.pid, 0)
        else:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid == 0:
                if time.monotonic() - start > timeout:
                    child.kill()
                    timeout = None
                else:
                    time.sleep(0.002)
                continue
        break
    cost.wall_s = time.monotonic() - start
    child.returncode = cost.code = os.waitstatus_to_exitcode(status)
    cost.cpu_s = usage.ru_utime + usage.ru_stime
    cost.peak_bytes = usage.ru_maxrss * 1024
    return cost


@dataclass
class Called:
    rows: list = field(default_factory=list)  # of each finished statement, the header first; [] for none
    stderr: str = ""
    code: int = 0
    cost: Cost = None

    @property
    def message(self):
        return self.stderr.strip()[-2000:]


def split_rows(text):
    """The rows of each statement that finished: marker queries stand between them."""
    parts, part, index, rows = [], [], 0, parse_csv(text)
    while index < len(rows):
        if rows[index] == [MARKER] and rows[index + 1 : index + 2] == [[str(len(parts))]]:
            parts.append(part)
            part = []
            index += 2
        else:
            part.append(rows[index])
            index += 1
    return parts


def run_statements(weft, statements, arguments=(), cwd=None, timeout=None, prefix=()):
    """Run the statements in one process of `weft sql -f`, which stops at the first error.

    prefix: words before the program, as of `ip netns exec`."""
    text, errors, cost = _run_file(weft, statements, arguments, cwd, timeout, prefix)
    try:
        rows = split_rows(text)
    except CsvError as error:
        rows, errors = [], f"{errors}\n{error}"
    return Called(rows, errors, cost.code, cost)


@dataclass
class Answer:
    """What one statement gave: its rows, the header first ([] for none), or the error as people read it."""

    rows: list
    error: str = None


def run_all(weft, statements, arguments=(), cwd=None, timeout=None):
    """Run the statements in one process, which goes on after those that fail: (answers, Called).

    There are fewer answers than statements where the process ended in one; what it left is in Called."""
    arguments = ["--force", "--json", *arguments]
    text, errors, cost = _run_file(weft, statements, arguments, cwd, timeout, ())
    answers, told, left = [], [], []
    for line in errors.split("\n"):
        if line.startswith('{"statement":'):
            told.append(json.loads(line))
        elif line:
            left.append(line)
    try:
        parts = split_rows(text)
    except CsvError as error:
        parts = []
        left.append(str(error))
    for rows, said, marker in zip(parts, told[::2], told[1::2]):
        if marker["status"] != "succeeded":
            break  # the statement was not told from what follows it
        answers.append(Answer(rows, None if said["status"] == "succeeded" else said["text"]))
    return answers, Called(parts, "\n".join(left), cost.code, cost)


def _run_file(weft, statements, arguments, cwd, timeout, prefix):
    """(stdout, stderr, cost) of one process; a marker query follows each statement."""
    with tempfile.TemporaryDirectory(prefix="weft-cli-") as scratch:
        path = os.path.join(scratch, "statements.sql")
        with open(path, "w", encoding="utf-8") as file:
            for number, statement in enumerate(statements):
                file.write(f"{statement}\n;\nSELECT {number} AS {MARKER}\n;\n")
        command = [*prefix, weft, "sql", "-f", path, "--format", "csv", *arguments]
        with tempfile.TemporaryFile(dir=scratch) as out, tempfile.TemporaryFile(dir=scratch) as err:
            timeout = None if timeout is None else timeout * TIMES
            cost = run_measured(command, out, err, cwd=cwd or scratch, timeout=timeout)
            out.seek(0)
            err.seek(0)
            text = out.read().decode("utf-8", "replace")
            errors = err.read().decode("utf-8", "replace")
    if cost.code == -9 and timeout is not None and cost.wall_s > timeout:
        errors += f"\n[TEST_TIMEOUT] no end after {timeout} s"
    return text, errors, cost
