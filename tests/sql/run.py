#!/usr/bin/env python3
"""Run SQL scripts (*.test) against `weft sql` and compare rows and errors with what the scripts expect.

    run.py --weft build/release/weft                      every script, the settings it asks for
    run.py --weft … --config batch1                       again, under a line of configs.txt
    run.py --weft … --conf weft.x=1 joins/ scalar.test    chosen scripts or folders, extra settings
    run.py --weft … --update joins/semi.test              write the rows that came as the expected ones
    run.py --weft … --master weft://HOST:PORT             on a cluster of this machine

README.md in this folder describes the script format."""

import argparse
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
sys.dont_write_bytecode = True
import weft_cli  # noqa: E402
from tpch import small, view_statements  # noqa: E402

# Statements that change only the session: run again in every process that follows within a script.
SESSION = re.compile(
    r"\s*(create\s+(or\s+replace\s+)?(global\s+)?temp(orary)?\s|drop\s+temp(orary)?\s"
    r"|set\s|reset\b|use\s|declare\s|execute\s+immediate\s|(un)?cache\s|clear\s+cache\b)",
    re.I,
)


# The tables of scripts that say `tables tpch`: one hundredth of TPC-H's scale 1.
TPCH = os.path.abspath(os.environ.get("WEFT_SQL_TPCH", os.path.join(ROOT, "build", "data", "tpch-hundredth")))
TPCH_ORDERS = 15000


class ScriptError(Exception):
    """The script itself is wrong."""


class Record:
    """One statement with what it must give."""

    def __init__(self, path, line, words):
        self.path, self.line, self.words = path, line, words
        self.sql, self.expected = "", None
        self.names = {}  # what ${…} stands for in the text and the rows
        self.expected_span = None  # line numbers of the expected rows, for --update
        self.alone = False  # nothing may follow it in its process
        self.kind = words[0]
        self.options = set(words[1:])
        if self.kind == "statement":
            self.alone = "alone" in words
            words = [word for word in words if word not in ("own", "alone")]
            if words[1:2] == ["error"] and len(words) in (3, 4):
                self.kind, self.error_class, self.sqlstate = "error", words[2], (words + [None])[3]
            elif words[1:] != ["ok"]:
                raise ScriptError(f"{path}:{line}: 'statement ok' or 'statement error CLASS [SQLSTATE]'")
        elif self.kind == "query":
            unknown = self.options - {"rowsort", "header", "typed", "approx", "own"}
            if unknown:
                raise ScriptError(f"{path}:{line}: unknown option {sorted(unknown)}")

    @property
    def statements(self):
        """What the program is asked: the types of a query come from DESCRIBE."""
        return [f"DESCRIBE QUERY {self.text}", self.text] if "typed" in self.options else [self.text]

    @property
    def head(self):
        """The number of lines before the rows."""
        return 1 if self.options & {"header", "typed"} else 0

    @property
    def where(self):
        return f"{os.path.relpath(self.path, HERE)}:{self.line}"


class Script:
    def __init__(self, path):
        self.path, self.records, self.conf, self.arguments, self.skips = path, [], [], [], {}
        self.needs_tpch = False
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self._parse()

    def _parse(self):
        number, lines = 0, self.lines
        while number < len(lines):
            line = lines[number].strip()
            words = line.split()
            number += 1
            if not line or line.startswith("#"):
                continue
            if words[0] == "conf" and len(words) == 2:
                self.conf.append(words[1])
            elif words == ["tables", "tpch"]:
                self.needs_tpch = True
                self.records += [self._view(number, text) for text in view_statements(TPCH)]
            elif words[0] in ("memory", "master") and len(words) == 2:
                self.arguments += ["--" + words[0], words[1]]
            elif words[0] == "skip" and len(words) > 3 and words[2] == "because":
                self.skips[words[1]] = " ".join(words[3:])
            elif words[0] in ("statement", "query"):
                record = Record(self.path, number, words)
                start = number
                while number < len(lines) and lines[number].strip() not in ("", "----"):
                    number += 1
                record.sql = "\n".join(lines[start:number]).rstrip().rstrip(";")
                if not record.sql.strip():
                    raise ScriptError(f"{record.where}: no SQL text")
                if number < len(lines) and lines[number].strip() == "----":
                    start = number = number + 1
                    while number < len(lines) and lines[number].strip():
                        number += 1
                    record.expected = [row.strip() for row in lines[start:number]]
                    record.expected_span = (start, number)
                if record.kind == "query" and record.expected is None:
                    raise ScriptError(f"{record.where}: a query needs '----' and its rows")
                if record.kind == "statement" and record.expected is not None:
                    raise ScriptError(f"{record.where}: 'statement ok' has no rows; use 'query'")
                self.records.append(record)
            else:
                raise ScriptError(f"{self.path}:{number}: unknown line '{line}'")

    def _view(self, number, text):
        record = Record(self.path, number, ["statement", "ok"])
        record.sql = text
        return record

    def update(self):
        """Write the scripts' lines with the rows of each record's `actual`."""
        lines = list(self.lines)
        for record in reversed(self.records):
            if record.expected_span and getattr(record, "actual", None) is not None:
                lines[slice(*record.expected_span)] = record.actual
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "|": "\\|"}


def render_value(value):
    if value is None:
        return "NULL"
    if value == "":
        return "(empty)"
    if value in ("NULL", "(empty)"):
        return "\\" + value
    text = "".join(ESCAPES.get(c, c) for c in value)
    text = re.sub(r"^ +| +$", lambda m: "\\s" * len(m.group(0)), text)
    return text


def render(row):
    """A row as scripts write it."""
    return " | ".join(render_value(value) for value in row)


def normal(line):
    """Expected rows may be aligned with extra spaces around their bars."""
    return re.sub(r"\s*(?<!\\)\|\s*", " | ", line.strip())


def nearly(expected, actual):
    """Equal, numbers up to one part in 10^9."""
    left, right = expected.split(" | "), actual.split(" | ")
    if len(left) != len(right):
        return False
    for a, b in zip(left, right):
        if a == b:
            continue
        try:
            x, y = float(a), float(b)
        except ValueError:
            return False
        if not abs(x - y) <= 1e-9 * max(abs(x), abs(y)):
            return False
    return True


def typed_rows(described, rows):
    """The rows, their header with the types that DESCRIBE told: (name, type, comment), a header first."""
    return [[f"{name} {kind}" for name, kind, _ in described[1:]]] + rows[1:]


def filled(text, names):
    return re.sub(r"\$\{(\w+)\}", lambda m: names.get(m.group(1), m.group(0)), text)


def compare(record, rows):
    """None when the rows are the expected ones, else what differs. rows: the header first, or []."""
    head = record.head
    actual = [render(row) for row in rows[1 - head :]]
    expected = [normal(filled(line, record.names)) for line in record.expected]
    if "rowsort" in record.options:
        actual = actual[:head] + sorted(actual[head:])
        expected = expected[:head] + sorted(expected[head:])
    record.actual = actual
    same = nearly if "approx" in record.options else str.__eq__
    for number, (want, have) in enumerate(zip(expected, actual), 1):
        if not same(want, have):
            return f"row {number}: expected  {want}\n            came      {have}"
    if len(expected) != len(actual):
        extra = (actual if len(actual) > len(expected) else expected)[min(len(actual), len(expected))]
        return f"{len(expected)} rows expected, {len(actual)} came; the first that has no partner: {extra}"
    return None


def fill_names(script, scratch):
    """Each record's text with ${DATA} and ${SCRATCH} filled in."""
    names = {"DATA": os.path.join(HERE, "data"), "SCRATCH": scratch}
    for record in script.records:
        record.names = names
        record.text = filled(record.sql, names)


class Runner:
    def __init__(self, weft, conf, timeout, config_name, master=None):
        self.weft, self.conf, self.timeout, self.config_name = weft, conf, timeout, config_name
        self.master = master

    def place(self, script, scratch):
        """Arguments that say where statements run: on a cluster slots and memory are its own, and a folder
        that is not absolute would be one of its processes'."""
        if self.master is None:
            return script.arguments
        return ["--master", self.master, "--conf", f"weft.sql.warehouse.dir={scratch}/weft-warehouse"]

    def call(self, run, script, statements, scratch):
        """What weft_cli's run_all or run_statements gives."""
        arguments = ["-S"] + self.place(script, scratch)
        for setting in script.conf + self.conf:
            arguments += ["--conf", setting]
        return run(self.weft, statements, arguments, scratch, self.timeout + len(statements))

    def run(self, script):
        """Failures of a script: a list of (record, text)."""
        if self.config_name in script.skips:
            return []
        with tempfile.TemporaryDirectory(prefix="weft-sql-") as scratch:
            fill_names(script, scratch)
            return list(self._run(script, scratch))

    def _run(self, script, scratch):
        """All records in one process, but for those that stand alone; where it ends in one, the rest in
        another."""
        session, waiting = [], []
        for record in script.records:
            if record.alone:
                yield from self._flush(script, scratch, session, waiting)
                called = self.call(weft_cli.run_statements, script, session + [record.text], scratch)
                yield from ((record, problem) for problem in judge_error(record, called.stderr))
            else:
                waiting.append(record)
        yield from self._flush(script, scratch, session, waiting)

    def _flush(self, script, scratch, session, waiting):
        while waiting:
            asked = [text for record in waiting for text in record.statements]
            answers, called = self.call(weft_cli.run_all, script, session + asked, scratch)
            answers = answers[len(session) :]
            done = 0
            for record in waiting:
                given = answers[: len(record.statements)]
                if len(given) < len(record.statements):
                    break
                del answers[: len(given)]
                yield from ((record, problem) for problem in judge(record, given))
                if record.kind != "error" and SESSION.match(record.text):
                    session.append(record.text)
                done += 1
            if done < len(waiting):
                message = called.message or "no message"
                yield waiting[done], f"the process ended, exit code {called.code}: {message}"
                done += 1
            elif called.code not in (0, 1):
                yield waiting[-1], f"all rows came, but the exit code is {called.code}: {called.message}"
            del waiting[:done]


def judge(record, answers):
    """What is wrong with the answers to a record: texts."""
    error = next((answer.error for answer in answers if answer.error is not None), None)
    if record.kind == "error":
        yield from judge_error(record, error)
    elif error is not None:
        yield error.strip()[-2000:]
    elif record.kind == "query":
        rows = [answer.rows for answer in answers]
        problem = compare(record, typed_rows(*rows) if "typed" in record.options else rows[0])
        if problem:
            yield problem


def judge_error(record, text):
    if text is None:
        yield f"succeeded, but {record.error_class} was expected"
        return
    match = re.search(r"^\[([A-Z0-9_.]+)\]", text, re.M)
    state = re.search(r"SQLSTATE: (\w{5})", text)
    if not match or match.group(1) != record.error_class:
        yield f"{record.error_class} expected, came: {text}"
    elif record.sqlstate and (not state or state.group(1) != record.sqlstate):
        yield f"SQLSTATE {record.sqlstate} expected, came: {text}"
    elif not state:
        yield f"the message has no SQLSTATE: {text}"
    else:
        for fragment in record.expected or []:
            if fragment not in text:
                yield f"the message lacks '{fragment}': {text}"


def read_configs():
    """{name: [settings]} of configs.txt."""
    configs = {}
    with open(os.path.join(HERE, "configs.txt"), encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                name, settings = line.split(":", 1)
                configs[name.strip()] = settings.split()
    return configs


def find_scripts(names):
    found = []
    for name in names:
        path = name if os.path.exists(name) else os.path.join(HERE, name)
        if os.path.isdir(path):
            for folder, folders, files in os.walk(path):
                folders.sort()
                inside = os.path.relpath(folder, HERE).split(os.sep)
                if "canary" in inside and os.path.basename(os.path.normpath(path)) != "canary":
                    continue
                found += [os.path.join(folder, f) for f in sorted(files) if f.endswith(".test")]
        elif os.path.exists(path):
            found.append(path)
        else:
            raise ScriptError(f"no script or folder {name}")
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scripts", nargs="*", default=[HERE])
    parser.add_argument("--weft", default=os.environ.get("WEFT", "build/release/weft"))
    parser.add_argument("--config", default="default", help="a line of configs.txt, or 'all'")
    parser.add_argument("--conf", action="append", default=[], metavar="K=V")
    parser.add_argument("--master", metavar="URL", help="weft://HOST:PORT: run there")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--canary", action="store_true", help="every record must fail")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=120, help="seconds a process may take")
    options = parser.parse_args()
    weft = os.path.abspath(options.weft)
    if not os.access(weft, os.X_OK):
        raise ScriptError(f"no program {weft}: build it, or name another with --weft")
    configs = read_configs()
    if options.config != "all" and options.config not in configs:
        raise ScriptError(f"no configuration '{options.config}' in configs.txt: {', '.join(configs)}")
    paths = find_scripts(options.scripts)
    if not paths:
        raise ScriptError("no scripts")
    if any(Script(path).needs_tpch for path in paths):
        small.generate(weft, TPCH, TPCH_ORDERS)

    failed, count, skipped, start = 0, 0, 0, time.monotonic()
    for name in configs if options.config == "all" else [options.config]:
        runner = Runner(weft, configs[name] + options.conf, options.timeout, name, options.master)
        scripts = [Script(path) for path in paths]
        with ThreadPoolExecutor(options.jobs) as pool:
            for script, failures in zip(scripts, pool.map(runner.run, scripts)):
                count += len(script.records)
                if name in script.skips:
                    skipped += len(script.records)
                    print(f"skip {os.path.relpath(script.path, HERE)} under {name}: {script.skips[name]}")
                if options.update:
                    script.update()
                    continue
                if options.canary:
                    passed = [r for r in script.records if r not in [record for record, _ in failures]]
                    for record in passed:
                        print(f"FAIL {record.where}: this record must fail and did not")
                    failed += len(passed)
                    continue
                for record, problem in failures:
                    failed += 1
                    conf = " ".join(f"--conf {setting}" for setting in script.conf + runner.conf)
                    print(f"FAIL {record.where} under {name}\n  {record.sql.strip()}\n    {problem}")
                    print(
                        f"  replay: tests/sql/run.py --weft {options.weft} --config {name} "
                        f"{os.path.relpath(script.path, HERE)}   # {conf}"
                    )
    seconds = time.monotonic() - start
    print(f"sql: {count} records, {failed} failed, {skipped} skipped in {seconds:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ScriptError, weft_cli.CsvError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        sys.exit(2)
