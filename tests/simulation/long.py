#!/usr/bin/env python3
"""The simulations for longer than the test command has: scripts/simulate.

    long.py --build DIR [--other DIR] [--only PART] [--first N] [--count N] [--jobs N] [--results FILE]

worlds    random worlds of simulate_failover
steps     every durable step of the worlds of some seeds with every fault, the journal in ZooKeeper
file      the same with the journal in a file, and random worlds with one
cluster   random worlds of simulate_cluster
mutants   every defect of the lists of failover_*mutants.txt must be found
builds    the traces of --build and --other are the same

Seeds go in blocks; one that fails is noted, and the run goes on behind it. Each part is a line of --results:
what happened in it, counted, and which seeds failed. --first and --count are seeds of worlds and cluster,
and of the worlds whose steps are tried. --jobs blocks run at a time; what comes out does not depend on it.
"""
import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

BLOCK = 100
STEP_FAULTS = 8  # STEP_FAULT_COUNT of failover/services.h
JOBS = 1
MUTANTS = [("failover_mutants.txt", 5000, ""), ("failover_step_mutants.txt", 1600, "--steps 1"),
           ("failover_file_mutants.txt", 1300, "--steps 1 --file 1")]
PARTS = ["worlds", "steps", "file", "cluster", "mutants", "builds"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def run_block(command, first, count, counted):
    """Run count seeds from first on. The seed that failed with what was wrong, or None."""
    ran = subprocess.run([*command, "--first", str(first), "--count", str(count)], capture_output=True,
                         text=True, check=False)
    said = ran.stdout + ran.stderr
    wrong = re.match(r"seed (\d+) (.*)", said)
    if wrong:
        return int(wrong[1]), wrong[2]
    if ran.returncode != 0:
        return first, said.strip() or f"signal {-ran.returncode}"
    for name, number in re.findall(r"([A-Za-z][\w /-]*): (\d+)", said):
        counted[name] = counted.get(name, 0) + int(number)
    counted["runs"] = counted.get("runs", 0) + int(re.match(r"(\d+) runs", said)[1])
    return None


def run_to(command, first, end):
    """The seeds of [first, end), going on behind those that fail: what was counted, which failed."""
    counted, failed = {}, []
    while first < end:
        wrong = run_block(command, first, end - first, counted)
        if wrong is None:
            break
        failed.append({"replay": f"{pathlib.Path(command[0]).name} {' '.join(command[1:])} --seed {wrong[0]}",
                       "wrong": wrong[1][:300]})
        print(failed[-1], flush=True)
        first = wrong[0] + 1
    return counted, failed


def run_seeds(command, first, count, counted, failed):
    """All seeds of [first, first + count), in blocks."""
    end = first + count
    with ThreadPoolExecutor(JOBS) as pool:
        blocks = [(start, min(start + BLOCK, end)) for start in range(first, end, BLOCK)]
        for some, wrong in pool.map(lambda block: run_to(command, *block), blocks):
            for name, number in some.items():
                counted[name] = counted.get(name, 0) + number
            failed.extend(wrong)


def steps_of(program, seed, more):
    """Durable steps of the undisturbed world of a seed."""
    counted = {}
    wrong = run_block([program, "--steps", str(seed), *more], 0, 1, counted)
    return 0 if wrong else counted["durable steps"]


def run_steps(program, first, count, more, counted, failed):
    """Every step of count worlds with every fault."""
    for seed in range(first, first + count):
        worlds = STEP_FAULTS * steps_of(program, seed, more)
        if worlds == 0:
            failed.append({"replay": f"--steps {seed}", "wrong": "the undisturbed world"})
        run_seeds([program, "--steps", str(seed), *more], 1, worlds, counted, failed)


def run_mutants(build, counted, failed):
    """All lists; how many worlds each defect took."""
    here = SOURCE / "tests/simulation"
    for name, seeds, more in MUTANTS:
        command = [sys.executable, str(here / "mutants.py"), "--list", str(here / name), "--compiler", "cc",
                   "--source", str(SOURCE), "--work", str(build / "mutants"), "--build", str(build),
                   "--like", "simulate_failover", "--seeds", str(seeds), "--arguments", more]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        for line in said.splitlines():
            found = re.match(r"found: (.*?): (?:seed )?(\d+) ", line)
            if found:  # all of them: something that must happen never did
                counted[found[1]] = int(found[2])
            elif not line.endswith("mutants found"):
                failed.append({"replay": name, "wrong": line[:300]})


def compare_builds(build, other, first, count, counted, failed):
    """Same seed, same run: by traces, block by block."""
    for more in [], ["--file", "1"], ["--steps", "1"]:
        for block in range(first, first + count, BLOCK):
            seeds = [*more, "--first", str(block), "--count", str(BLOCK), "--trace"]
            traces = [subprocess.run([str(b / "tests/simulation/simulate_failover"), *seeds],
                                     capture_output=True, text=True, check=False).stdout
                      for b in (build, other)]
            counted["runs"] = counted.get("runs", 0) + BLOCK
            if traces[0] != traces[1]:
                failed.append({"replay": " ".join(seeds), "wrong": " ".join(traces)})


def run_part(part, build, other, first, count):
    """One line of the results."""
    programs = build / "tests/simulation"
    failover, cluster = str(programs / "simulate_failover"), str(programs / "simulate_cluster")
    counted, failed, began = {}, [], time.monotonic()
    if part == "worlds":
        run_seeds([failover], first, count or 10000, counted, failed)
    elif part == "steps":
        run_steps(failover, first, count or 10, [], counted, failed)
    elif part == "file":
        run_steps(failover, first, count or 5, ["--file", "1"], counted, failed)
        run_seeds([failover, "--file", "1"], first, 1000, counted, failed)
    elif part == "cluster":
        run_seeds([cluster], first, count or 20000, counted, failed)
    elif part == "builds":
        compare_builds(build, other, first, count or 200, counted, failed)
    else:
        run_mutants(build, counted, failed)
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=SOURCE, capture_output=True, text=True,
                              check=False).stdout.strip()
    return {"part": part, "revision": revision, "date": datetime.date.today().isoformat(), "first": first,
            "counted": counted, "failed": failed, "passed": not failed,
            "seconds": round(time.monotonic() - began, 1)}


def main():
    global JOBS
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--other", type=pathlib.Path, default=pathlib.Path("build/debug"))
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--results", type=pathlib.Path)
    arguments = parser.parse_args()
    JOBS = arguments.jobs
    bad = 0
    for part in [arguments.only] if arguments.only else PARTS:
        line = run_part(part, arguments.build.resolve(), arguments.other.resolve(), arguments.first,
                        arguments.count)
        bad += not line["passed"]
        print(json.dumps(line), flush=True)
        if arguments.results:
            with arguments.results.open("a") as out:
                out.write(json.dumps(line) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
