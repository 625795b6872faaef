#!/usr/bin/env python3
"""Spark's built-in functions: every one that an installed PySpark lists, by the examples that it shows.

    spark_functions.py                      all; a line for every difference, then the share per family
    spark_functions.py --write              also write docs/conformance.md
    spark_functions.py --only 'map_.*'      functions by pattern, with both answers
    spark_functions.py --queries FILE       statements of a file (a line each) instead of examples

Names, examples and answers come from Spark at run time and are kept in a scratch file (--answers), so that
a second run needs no Spark. A function is equal when all its examples give the same rows (in the same
order where there is an ORDER BY), names and types of columns, or the same error class. Where Spark itself
gives other rows the second time, only names and types count. Exit code 1 when less than --bar percent of
the functions are equal."""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import spark_answers  # noqa: E402
import weft_cli  # noqa: E402

REASONS = os.path.join(HERE, "function_reasons.txt")
EDGES = os.path.join(HERE, "edge_reasons.txt")
PAGE = os.path.join(ROOT, "docs", "conformance.md")
# Of the day on which they are asked.
CLOCK = {"curdate", "current_date", "current_time", "localtime", "unix_timestamp", "now"}
PAGE_HEAD = """# Built-in functions against Spark

Written by `SPARK=1 scripts/conformance` (`tests/conformance/spark_functions.py --write`) with PySpark
{version}: every function that it lists, by the examples that it shows. *Equal* means the same rows, names
and types of columns, and error classes in all of its examples. Edge values are in `tests/sql`, whose
expected rows are Spark's too (`tests/conformance/spark_sql.py`).
"""
FAMILIES = {
    "agg": "aggregate", "datetime": "date and time", "predicate": "predicate", "misc": "misc",
    "operators": "operators", "lambda": "lambda", "st": "geospatial", "table": "table",
}  # fmt: skip


def family_of(group):
    short = group.removesuffix("_funcs")
    return FAMILIES.get(short, short)


def answer_rows(done):
    """Rows of what `weft sql` printed, the names first."""
    return weft_cli.parse_csv(done.stdout.decode("utf-8", "replace"))


def call_weft(weft, *statements):
    """What statements print; those that are SET give settings, and print nothing."""
    command = [weft, "sql", "-S", "--format", "csv", "--master", "local[1]"]
    command += ["--conf", "spark.sql.session.timeZone=UTC"]
    for statement in statements:
        setting = re.fullmatch(r"set\s+([\w.]+)\s*=\s*(\S+)", statement, re.I)
        command += ["--conf", f"{setting[1]}={setting[2]}"] if setting else ["-e", statement]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def answer_of_weft(weft, text, before=()):
    """As spark_answers.Answers.of."""
    described = call_weft(weft, *before, "DESCRIBE " + text)
    types = None
    if described.returncode == 0:
        types = [row[1] for row in answer_rows(described)[1:]]
        if "binary" in types:
            names = ", ".join(f"c{i}" for i in range(len(types)))
            shown = [f"hex(c{i})" if kind == "binary" else f"c{i}" for i, kind in enumerate(types)]
            done = call_weft(weft, *before, text)
            wrapped = f"SELECT {', '.join(shown)} FROM ({text}) AS shown_as_hex({names})"
            again = call_weft(weft, *before, wrapped)
            return weft_rows(done, types, again)
    return weft_rows(call_weft(weft, *before, text), types)


def steps_of(examples):
    """[(statement, the SET statements before it)]."""
    steps, before = [], []
    for text in examples:
        if re.match(r"set\s", text, re.I):
            before = before + [text]
        else:
            steps.append((text, tuple(before)))
    return steps


def weft_rows(done, types, shown=None):
    if done.returncode != 0:
        text = done.stderr.decode("utf-8", "replace").strip()
        match = re.search(r"^\[([A-Z0-9_.]+)\]", text, re.M)
        name = match.group(1) if match else f"exit code {done.returncode}"
        return {"error": name, "message": text.split("\n")[0][:300]}
    rows = answer_rows(done)
    names = rows[0] if rows else []
    if shown is not None and shown.returncode == 0:
        rows = answer_rows(shown)
    return {"names": names, "types": types, "rows": rows[1:]}


def in_some_order(rows):
    return sorted(rows, key=lambda row: [(value is None, value or "") for value in row])


def difference(text, spark, weft, clock=False):
    """None, or (what differs, both sides in short)."""
    if "error" in spark:
        if weft.get("error") == spark["error"]:
            return None
        return "error", f"{spark['error']}: {weft.get('error') or weft['rows']!r}"
    if "error" in weft:
        return "fails", weft["message"]
    for part in ("types", "names", "rows"):
        mine, theirs = weft[part], spark[part]
        if part == "rows" and (clock or spark.get("unstable")):
            mine, theirs = len(mine), len(theirs)
        elif part == "rows" and "order by" not in text.lower():
            mine, theirs = in_some_order(mine), in_some_order(theirs)
        if part == "types" and not theirs:
            continue
        if mine != theirs:
            return part, f"{theirs!r}, not {mine!r}"[:400]
    return None


def read_reasons():
    """{function: reason}, from lines "function, function: reason"."""
    reasons = {}
    with open(REASONS, encoding="utf-8") as file:
        for line in file:
            names, colon, reason = line.strip().partition(": ")
            if colon and not line.startswith("#"):
                reasons.update({name.strip(): reason for name in names.split(",")})
    return reasons


class Report:
    def __init__(self, functions):
        self.functions = functions
        self.differs = {}  # function: [(statement, what, detail)]

    def add(self, name, statement, found):
        self.differs.setdefault(name, []).append((statement, *found))

    def equal(self):
        return [name for name in self.functions if name not in self.differs]

    def share(self):
        return 100 * len(self.equal()) / max(1, len(self.functions))

    def families(self):
        """[(family, functions, equal ones, names of the others)], by name."""
        by = {}
        for name, entry in self.functions.items():
            by.setdefault(family_of(entry["group"]), []).append(name)
        for family in sorted(by):
            others = sorted(name for name in by[family] if name in self.differs)
            yield family, len(by[family]), len(by[family]) - len(others), others

    def what(self, name, reasons):
        """Why a function is not equal, for the page."""
        if name in reasons:
            return reasons[name]
        kinds = [what for _, what, _ in self.differs[name]]
        details = [detail for _, _, detail in self.differs[name]]
        if any("UNRESOLVED_ROUTINE" in detail and f"`{name}`" in detail for detail in details):
            return "not there yet"
        if kinds[0] == "fails":
            told = re.sub(r"\s*SQLSTATE.*", "", details[0].removeprefix("[").replace("]", ":", 1))
            return "an example fails: " + told
        return f"{', '.join(sorted(set(kinds)))} of an example"

    def page(self, version):
        reasons = read_reasons()
        lines = [PAGE_HEAD.format(version=version)]
        lines.append(
            f"**{len(self.equal())} of {len(self.functions)} functions are equal: {self.share():.1f} %.** "
            "The bar is 97 %.\n"
        )
        lines += ["| family | functions | equal | share |", "| --- | ---: | ---: | ---: |"]
        for family, count, equal, _ in self.families():
            lines.append(f"| {family} | {count} | {equal} | {100 * equal / count:.0f} % |")
        lines += ["", "## What is missing or differs", ""]
        lines += ["| family | function | why |", "| --- | --- | --- |"]
        for family, _, _, others in self.families():
            by_reason = {}
            for name in others:
                by_reason.setdefault(self.what(name, reasons), []).append(name)
            for reason, names in by_reason.items():
                named = ", ".join("`" + name.replace("|", "\\|") + "`" for name in names)
                reason = reason.replace("|", "\\|")
                lines.append(f"| {family} | {named} | {reason} |")
        with open(EDGES, encoding="utf-8") as file:
            lines += ["", "## Edge values", "", file.read().rstrip("\n")]
        return "\n".join(lines) + "\n"


def run_examples(options, answers):
    """The report of all functions of --only."""
    functions = {
        name: entry
        for name, entry in answers.functions().items()
        if not options.only or re.fullmatch(options.only, name)
    }
    report = Report(functions)
    work = [(name, *step) for name, entry in functions.items() for step in steps_of(entry["examples"])]
    with ThreadPoolExecutor(2) as pool:
        ours = list(pool.map(lambda item: answer_of_weft(options.weft, *item[1:]), work))
    for (name, text, before), weft in zip(work, ours):
        found = difference(text, answers.of(text, before), weft, name in CLOCK)
        if found:
            report.add(name, text, found)
            print(f"{name}: {text}\n    {found[0]}: {found[1]}", flush=True)
        elif options.only:
            print(f"{name}: {text}\n    equal")
    return report


def run_queries(options, answers):
    """The number of statements of --queries that differ."""
    with open(options.queries, encoding="utf-8") as file:
        texts = [line.strip().removesuffix(";") for line in file]
    texts = [text for text in texts if text and not text.startswith("--")]
    with ThreadPoolExecutor(2) as pool:
        ours = list(pool.map(lambda text: answer_of_weft(options.weft, text), texts))
    differ = 0
    for text, weft in zip(texts, ours):
        found = difference(text, answers.of(text), weft)
        if found:
            differ += 1
            print(f"{text}\n    {found[0]}: {found[1]}", flush=True)
    print(f"{len(texts)} statements, {differ} differ")
    return differ


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weft", default=os.path.join(ROOT, "build", "release", "weft"))
    parser.add_argument(
        "--answers", default=os.path.join(ROOT, "build", "conformance", "spark_functions.json")
    )
    parser.add_argument("--only", help="pattern of function names")
    parser.add_argument("--queries", help="file of statements, a line each")
    parser.add_argument("--write", action="store_true", help="write docs/conformance.md")
    parser.add_argument("--bar", type=float, default=0, help="least percentage of equal functions")
    options = parser.parse_args()
    answers = spark_answers.Answers(options.answers)
    try:
        if options.queries:
            return 1 if run_queries(options, answers) else 0
        report = run_examples(options, answers)
    finally:
        answers.close()
    for family, count, equal, _ in report.families():
        print(f"{family:16} {equal:4} of {count:4}")
    print(f"functions: {len(report.equal())} of {len(report.functions)} equal, {report.share():.1f} %")
    if options.write:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(report.page(answers.known["version"]))
    return 0 if report.share() >= options.bar else 1


if __name__ == "__main__":
    sys.exit(main())
