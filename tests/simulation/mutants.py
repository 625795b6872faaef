#!/usr/bin/env python3
"""Does the simulation find defects? Each mutant of mutants.txt is the scheduler with one line made wrong; it
is compiled, and must fail within so many seeds.

    mutants.py --compiler CC --flags "..." --source DIR --objects "simulation objects and libraries" \
               --work DIR [--seeds N] [--only NAME]
"""
import argparse
import pathlib
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def read_mutants(path):
    """[(name, old text, new text)] of mutants.txt."""
    mutants = []
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        if line[0] not in "+-":
            mutants.append((line, [], []))
        else:
            mutants[-1][1 if line[0] == "-" else 2].append(line[1:])
    return [(name, "\n".join(old), "\n".join(new)) for name, old, new in mutants]


def try_mutant(arguments, source, number, mutant):
    """(name, None or what is wrong, what the simulation said)."""
    name, old, new = mutant
    count = source.count(old)
    if count == 0:
        return name, "its line is not in scheduler.c any more", ""
    work = arguments.work / f"mutant{number}"
    work.mkdir(parents=True, exist_ok=True)
    changed = work / "scheduler.c"
    changed.write_text(source.replace(old, new))
    program = work / "simulate"
    command = [arguments.compiler, *shlex.split(arguments.flags), str(changed),
               *shlex.split(arguments.objects), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        return name, "it does not compile:\n" + built.stderr, ""
    try:
        ran = subprocess.run([str(program), "--count", str(arguments.seeds)], capture_output=True, text=True,
                             check=False, timeout=300)
    except subprocess.TimeoutExpired:
        return name, "it does not end", ""
    said = (ran.stdout + ran.stderr).splitlines()
    if ran.returncode == 0:
        return name, f"was not found within {arguments.seeds} seeds", ""
    return name, None, said[0] if said else f"signal {-ran.returncode}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--source", type=pathlib.Path, required=True, help="root of the tree")
    parser.add_argument("--objects", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    source = (arguments.source / "coordinator/scheduler.c").read_text()
    mutants = read_mutants(arguments.source / "tests/simulation/mutants.txt")
    bad = 0
    with ThreadPoolExecutor(2) as pool:
        chosen = [(i, m) for i, m in enumerate(mutants) if arguments.only in m[0]]
        for name, wrong, said in pool.map(lambda c: try_mutant(arguments, source, *c), chosen):
            print(f"{'found' if wrong is None else 'WRONG'}: {name}: {said if wrong is None else wrong}")
            bad += wrong is not None
    print(f"{len(chosen) - bad} of {len(chosen)} mutants found")
    return 1 if bad or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
