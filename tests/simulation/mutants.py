#!/usr/bin/env python3
"""Does the simulation find defects? Each mutant of the list is a source file with one line made wrong; it is
compiled, linked before all else, and the simulation must fail within so many seeds.

    mutants.py --list FILE --compiler CC --flags "..." --source DIR --work DIR
               --objects "simulation objects and libraries" [--seeds N] [--only NAME]
    mutants.py --list FILE --compiler CC --source DIR --work DIR --build DIR --like PROGRAM
               [--arguments "..."]

With --like the objects are those that ninja links into that program, in the order in which it does.
"""
import argparse
import pathlib
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TIME_S = 3600  # of one mutant, on a machine that is busy with much else


def read_mutants(path):
    """[(source file, name, old text, new text)] of a list."""
    mutants, file = [], "coordinator/scheduler.c"
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        if line.startswith("= "):
            file = line[2:]
        elif line[0] not in "+-":
            mutants.append((file, line, [], []))
        else:
            mutants[-1][2 if line[0] == "-" else 3].append(line[1:])
    return [(file, name, "\n".join(old), "\n".join(new)) for file, name, old, new in mutants]


def try_mutant(arguments, number, mutant):
    """(name, None or what is wrong, what the simulation said)."""
    file, name, old, new = mutant
    source = (arguments.source / file).read_text()
    if old not in source:
        return name, f"its line is not in {file} any more", ""
    work = arguments.work / f"mutant{number}"
    work.mkdir(parents=True, exist_ok=True)
    changed = work / pathlib.Path(file).name
    changed.write_text(source.replace(old, new))
    program = work / "simulate"
    command = [arguments.compiler, *shlex.split(arguments.flags), str(changed),
               *shlex.split(arguments.objects), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False, cwd=arguments.build)
    if built.returncode != 0:
        return name, "it does not compile:\n" + built.stderr, ""
    try:
        more = shlex.split(arguments.arguments)
        ran = subprocess.run([str(program), "--count", str(arguments.seeds), *more], capture_output=True,
                             text=True, check=False, timeout=TIME_S)
    except subprocess.TimeoutExpired:
        return name, "it does not end", ""
    said = (ran.stdout + ran.stderr).splitlines()
    if ran.returncode == 0:
        return name, f"was not found within {arguments.seeds} seeds", ""
    return name, None, said[0] if said else f"signal {-ran.returncode}"


def objects_of(build, program):
    """What ninja gives to the linker for a program."""
    told = subprocess.run(["ninja", "-t", "commands", program], cwd=build, capture_output=True, text=True,
                          check=True).stdout.splitlines()[-1]
    words = shlex.split(told.removeprefix(": && ").removesuffix(" && :"))
    at = words.index("-o")
    return shlex.join(words[1:at] + words[at + 2:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--source", type=pathlib.Path, required=True, help="root of the tree")
    parser.add_argument("--objects", default="")
    parser.add_argument("--build", type=pathlib.Path, help="with --like: where ninja builds")
    parser.add_argument("--like", default="", help="a program of that build")
    parser.add_argument("--arguments", default="", help="of the simulation, besides --count")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    if arguments.like:
        arguments.objects = objects_of(arguments.build, arguments.like)
        arguments.flags = arguments.flags or f"-std=gnu17 -O1 -D_GNU_SOURCE -I{arguments.source}"
    arguments.work = arguments.work.resolve()
    mutants = read_mutants(arguments.list)
    bad = 0
    with ThreadPoolExecutor(2) as pool:
        chosen = [(i, m) for i, m in enumerate(mutants) if arguments.only in m[1]]
        for name, wrong, said in pool.map(lambda c: try_mutant(arguments, *c), chosen):
            print(f"{'found' if wrong is None else 'WRONG'}: {name}: {said if wrong is None else wrong}")
            bad += wrong is not None
    print(f"{len(chosen) - bad} of {len(chosen)} mutants found")
    return 1 if bad or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
