"""Programs that answer the same question, in turn: what bench/csv_files.py, json_files.py and h2o.py share.

A contender is a name and a command line; its answer is what it prints (or what `answer` makes of it), as rows
of texts, in which numbers count by nine digits. Where there is more than one round, one run of each comes
before them and is not counted: it warms the page cache."""

import os
import re
import statistics
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import weft_cli

THREADS = 2


def rows_of(text):
    """Lines of values; 1, 1.0 and 1.0000000001 are the same."""
    rows = []
    for line in text.splitlines():
        row = []
        for value in re.split(r"[,\t|]", line.strip()):
            try:
                row.append(f"{float(value):.9g}")
            except ValueError:
                row.append(value.strip('"'))
        rows.append(row)
    return rows


def run(name, command, answer=None):
    """One run: its cost, and its answer."""
    environment = dict(os.environ, POLARS_MAX_THREADS=str(THREADS))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        cost = weft_cli.run_measured(command, out, err, environment=environment)
        out.seek(0)
        err.seek(0)
        text, errors = out.read().decode(), err.read().decode("utf-8", "replace")
    if cost.code != 0:
        raise SystemExit(f"{name} ended with {cost.code}: {errors[-2000:]}")
    if answer:
        return cost, rows_of(answer())
    return cost, rows_of(text)[1 if name.startswith("weft") else 0 :]  # weft prints the columns' names


def contest(title, contenders, rounds):
    """contenders: (name, command, answer or None); weft's name begins with weft. Prints a table. True: the
    answers are the same."""
    costs, answers = {name: [] for name, _, _ in contenders}, {}
    for turn in range(rounds + 1 if rounds > 1 else 1):
        shift = turn % len(contenders)
        for name, command, answer in contenders[shift:] + contenders[:shift]:
            cost, rows = run(name, command, answer)
            answers[name] = rows
            if turn > 0 or rounds == 1:
                costs[name].append(cost)
    first = contenders[-1][0]  # a peer
    same = all(rows == answers[first] for rows in answers.values())
    walls = {name: statistics.median(c.wall_s for c in runs) for name, runs in costs.items()}
    cpus = {name: statistics.median(c.cpu_s for c in runs) for name, runs in costs.items()}
    peers = [name for name in walls if not name.startswith("weft")]
    wall = min((walls[name] for name in peers), default=float("nan"))
    cpu = min((cpus[name] for name in peers), default=float("nan"))
    print(f"{title}\n  {'':<12}{'wall s':>8}{'spread':>8}{'ratio':>7}{'cpu s':>8}{'ratio':>7}")
    for name, runs in costs.items():
        seen = [c.wall_s for c in runs]
        mark = "" if answers[name] == answers[first] else "   ANOTHER ANSWER"
        print(
            f"  {name:<12}{walls[name]:>8.2f}{(max(seen) - min(seen)) / walls[name]:>8.0%}"
            f"{walls[name] / wall:>7.2f}"
            f"{cpus[name]:>8.2f}{cpus[name] / cpu:>7.2f}{mark}",
            flush=True,
        )
    if not same:
        for name, rows in answers.items():
            print(f"  {name}: {rows[:3]} ... of {len(rows)} rows")
    return same
