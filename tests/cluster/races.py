#!/usr/bin/env python3
"""The cluster tests under the thread sanitizer. scripts/races runs it.

    races.py --build build/tsan [--only REGEX] [--out build/races.jsonl]

Each test of ctest's label cluster that is there, one after the other; the result is a line of JSON: which
were clean, in which a race was told, which failed for another reason (a sanitized program takes several
times as long)."""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RACE = "WARNING: ThreadSanitizer"


def names(build, only):
    said = subprocess.run(
        ["ctest", "--test-dir", build, "-N", "-L", "cluster"], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"Test +#\d+: (cluster\.\S+)", said)
    return [name for name in found if name != "cluster.data" and re.search(only, name)]


def run(build, name, log):
    """"clean", "race" or "failed"; what it said is in the log."""
    words = ["ctest", "--test-dir", build, "-R", f"^{re.escape(name)}$", "--timeout", "3000", "-V"]
    with open(log, "w", encoding="utf-8") as file:
        code = subprocess.run(words, stdout=file, stderr=subprocess.STDOUT).returncode
    with open(log, encoding="utf-8", errors="replace") as file:
        said = file.read()
    if RACE in said:
        return "race"
    if "***Skipped" in said:
        return "skipped"
    return "clean" if code == 0 else "failed"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", default="build/tsan")
    parser.add_argument("--only", default="", help="a regular expression of names")
    parser.add_argument("--out", default="build/races.jsonl")
    options = parser.parse_args()
    root = os.path.dirname(os.path.dirname(HERE))
    os.environ["TSAN_OPTIONS"] = f"suppressions={root}/tests/support/tsan.supp"
    os.environ.setdefault("WEFT_TEST_PATIENCE", "4")
    logs = os.path.join(options.build, "races")
    os.makedirs(logs, exist_ok=True)
    start, counted = time.monotonic(), {}
    for name in names(options.build, options.only):
        found = run(options.build, name, os.path.join(logs, f"{name}.log"))
        counted.setdefault(found, []).append(name)
        print(f"{found:8} {name}", flush=True)
    revision = subprocess.run(["git", "-C", HERE, "rev-parse", "HEAD"], capture_output=True, text=True)
    bad = counted.get("race", []) + counted.get("failed", [])
    result = {
        "scenario": "races",
        "revision": revision.stdout.strip() or "unknown",
        "date": datetime.date.today().isoformat(),
        "counted": counted,
        "passed": not bad and bool(counted),
        "seconds": round(time.monotonic() - start, 1),
    }
    line = json.dumps(result)
    print(line)
    with open(options.out, "a", encoding="utf-8") as out:
        out.write(line + "\n")
    print(f"races: {len(counted.get('clean', []))} clean, {len(bad)} not; logs in {logs}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
