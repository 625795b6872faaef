#!/usr/bin/env python3
"""Make TPC-H data as Parquet with tpcgen-cli (PyPI): generate.py --scale 1 --dir DIR

A folder that is already complete is left as it is."""

import argparse
import os
import shutil
import subprocess
import sys

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


def find_generator():
    beside = os.path.join(os.path.dirname(sys.executable), "tpcgen-cli")
    found = beside if os.access(beside, os.X_OK) else shutil.which("tpcgen-cli")
    if not found:
        raise SystemExit("generate.py: no tpcgen-cli: run it with the Python of `scripts/venv`")
    return found


def generate(scale, folder):
    if all(os.path.exists(os.path.join(folder, f"{table}.parquet")) for table in TABLES):
        return
    part = folder.rstrip("/") + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    subprocess.run(
        [find_generator(), "tpch", "parquet", "-s", f"{scale:g}", f"--output-dir={part}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(part, folder)


def find_or_generate(folder, scale):
    """The path of the named folder, which must be complete; without a name build/data/tpch-<scale>, made."""
    if folder:
        missing = [table for table in TABLES if not os.path.exists(os.path.join(folder, f"{table}.parquet"))]
        if missing:
            raise SystemExit(f"{folder} lacks {', '.join(missing)}")
        return os.path.abspath(folder)
    folder = os.path.abspath(os.path.join("build", "data", f"tpch-{scale:g}"))
    generate(scale, folder)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--dir", required=True)
    options = parser.parse_args()
    generate(options.scale, os.path.abspath(options.dir))


if __name__ == "__main__":
    main()
