#!/usr/bin/env python3
"""Decode the columns that the 22 TPC-H queries name, in full: Weft beside pyarrow, one and two threads.

    decode.py --program build/release/bench/decode/decode --data FOLDER [--columns] [--check] [--rounds N]

--check compares a sum over all values of every column (sum_value of decode.c) with pyarrow's values.
--columns prints every distinct column alone, two threads. Without either: the whole list, for one and two
threads; the best of the rounds, which go in turn, wall and CPU seconds apart (others may use the machine).
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LIST = pathlib.Path(__file__).with_name("columns.txt")


def read_list():
    return [line.split() for line in LIST.read_text().splitlines() if len(line.split()) > 2]


def run_weft(arguments, *flags, threads=2, rounds=None):
    command = [arguments.program, "--threads", str(threads)]
    command += ["--repeat", str(rounds or arguments.rounds), *flags]
    command += [arguments.data, str(LIST)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def run_pyarrow(arguments, items, threads=2, rounds=None):
    best = None
    pa.set_cpu_count(threads)
    for _ in range(rounds or arguments.rounds):
        cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        wall = time.perf_counter()
        for _, table, *columns in items:
            pq.read_table(f"{arguments.data}/{table}.parquet", columns=columns, use_threads=threads > 1)
        wall = time.perf_counter() - wall
        cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - cpu
        best = (min(best[0], wall), min(best[1], cpu)) if best else (wall, cpu)
    return best


def sum_chunk(chunk):
    """The sum of decode.c over one pyarrow array without nulls; modulo 2**64."""
    if pa.types.is_string_view(chunk.type) or pa.types.is_binary_view(chunk.type):
        chunk = chunk.cast(pa.binary())
    t = chunk.type
    if pa.types.is_string(t) or pa.types.is_binary(t):
        offsets = np.frombuffer(chunk.buffers()[1], np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        data = np.frombuffer(chunk.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        lengths = np.diff(offsets)
        places = np.arange(len(data)) - np.repeat(offsets[:-1] - offsets[0], lengths) + 1
        return int(lengths.sum()) + int((data.astype(np.uint64) * places.astype(np.uint64)).sum())
    if pa.types.is_decimal(t):
        words = np.frombuffer(chunk.buffers()[1], np.uint64)
        return int(words[2 * chunk.offset : 2 * (chunk.offset + len(chunk)) : 2].sum(dtype=np.uint64))
    if pa.types.is_date32(t):
        chunk = chunk.cast(pa.int32())
    values = chunk.to_numpy(zero_copy_only=False)
    if values.dtype.kind == "i":
        return int(values.astype(np.int64).view(np.uint64).sum(dtype=np.uint64))
    return int(values.view(f"u{values.itemsize}").astype(np.uint64).sum(dtype=np.uint64))


def check(arguments):
    wrong = 0
    for got in run_weft(arguments, "--check"):
        column = pq.read_table(f"{arguments.data}/{got['table']}.parquet", columns=[got["column"]]).column(0)
        want = sum(sum_chunk(chunk.drop_null()) for chunk in column.chunks) % 2**64
        theirs = (want, len(column), column.null_count)
        if (got["sum"], got["rows"], got["nulls"]) != theirs:
            print(f"{got['column']}: {got} but pyarrow has sum, rows, nulls {theirs}")
            wrong += 1
    print("all columns equal" if wrong == 0 else f"{wrong} columns differ")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--columns", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        return 1 if check(arguments) else 0
    if arguments.columns:
        items = {c: t for _, t, *columns in read_list() for c in columns}
        for row in run_weft(arguments, "--columns")[1:]:
            wall, cpu = run_pyarrow(arguments, [("", items[row["name"]], row["name"])])
            print(f"{row['name']:18} weft {row['seconds']:.4f} s, cpu {row['cpu_seconds']:.4f} s  ", end="")
            print(f"pyarrow {wall:.4f} s, cpu {cpu:.4f} s  {wall / row['seconds']:.1f} x")
        return 0
    for threads in (1, 2):
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            (row,) = run_weft(arguments, threads=threads, rounds=1)
            ours.append((row["seconds"], row["cpu_seconds"]))
            theirs.append(run_pyarrow(arguments, read_list(), threads=threads, rounds=1))
        wall, cpu = (min(r[k] for r in ours) for k in (0, 1))
        pa_wall, pa_cpu = (min(r[k] for r in theirs) for k in (0, 1))
        (row,) = run_weft(arguments, "--page-cache", "8g", threads=threads)
        print(f"{threads} threads: weft {wall:.2f} s, cpu {cpu:.2f} s", end="   ")
        print(f"with its pages cached {row['seconds']:.2f} s, cpu {row['cpu_seconds']:.2f} s", end="   ")
        print(f"pyarrow {pa_wall:.2f} s, cpu {pa_cpu:.2f} s", end="   ")
        print(f"{pa_wall / wall:.1f} x, cpu {pa_cpu / cpu:.1f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
