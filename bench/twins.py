#!/usr/bin/env python3
"""Twins of a TPC-H data set: the same tables laid out as other writers and other tables would have them.

    bench/twins.py --data build/data/tpch-1 --out build/data/twins-1 [--kinds shuffled,nulls]

    shuffled     rows in random order
    keys         2^40 added to every key
    nulls        1 % of the values of every column that is no key are null
    plain        no dictionary pages
    one-group    one row group a file
    small-files  about a thousand files in all

Each kind is a folder that bench/tpch.py and tests/conformance/tpch.py take as --data."""

import argparse
import os
import shutil
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "support"))
from tpch import TABLES  # noqa: E402

GROUP_ROWS = 122_880
FILES = 1000
NULL_SHARE = 0.01
KEY_SHIFT = 1 << 40


def is_key(name):
    return name.endswith("key")


def shuffled_batches(path, schema):
    """The file's rows in a random order that is the same on every run."""
    table = pq.read_table(path).cast(schema)
    order = pc.sort_indices(pc.random(table.num_rows, initializer=42))
    for start in range(0, table.num_rows, GROUP_ROWS):
        yield table.take(order.slice(start, GROUP_ROWS)).combine_chunks()


def batches(path):
    for batch in pq.ParquetFile(path).iter_batches(GROUP_ROWS):
        yield pa.Table.from_batches([batch])


def with_keys(table):
    for index, name in enumerate(table.column_names):
        if is_key(name):
            column = pc.add(table.column(index).cast(pa.int64()), pa.scalar(KEY_SHIFT, pa.int64()))
            table = table.set_column(index, name, column)
    return table


def with_nulls(table, seed):
    for index, name in enumerate(table.column_names):
        if not is_key(name):
            keep = pc.greater_equal(pc.random(table.num_rows, initializer=seed * 100 + index), NULL_SHARE)
            column = table.column(index)
            table = table.set_column(index, name, pc.if_else(keep, column, pa.scalar(None, column.type)))
    return table


def plain_schema(schema):
    """Every column nullable, strings without views: what most writers make."""
    fields = [(f.name, pa.string() if f.type == pa.string_view() else f.type) for f in schema]
    return pa.schema([pa.field(name, kind) for name, kind in fields])


def write(path, tables, schema, group_rows=GROUP_ROWS, dictionary=True):
    options = {"compression": "snappy", "use_dictionary": dictionary}
    with pq.ParquetWriter(path, schema, **options) as writer:
        for table in tables:
            writer.write_table(table.cast(schema), row_group_size=group_rows)


def make_table(kind, source, target, all_rows):
    file = pq.ParquetFile(source)
    schema, rows = plain_schema(file.schema_arrow), file.metadata.num_rows
    if kind == "shuffled":
        write(target, shuffled_batches(source, schema), schema)
    elif kind == "keys":
        schema = pa.schema([pa.field(f.name, pa.int64() if is_key(f.name) else f.type) for f in schema])
        write(target, map(with_keys, batches(source)), schema)
    elif kind == "nulls":
        write(target, (with_nulls(t.cast(schema), seed) for seed, t in enumerate(batches(source))), schema)
    elif kind == "plain":
        write(target, batches(source), schema, dictionary=False)
    elif kind == "one-group":
        write(target, [pq.read_table(source)], schema, group_rows=max(rows, 1))
    elif kind == "small-files":
        os.makedirs(target)
        count = max(1, round(FILES * rows / all_rows))
        file_rows = -(-rows // count)
        for number, batch in enumerate(file.iter_batches(file_rows)):
            part = os.path.join(target, f"part-{number:05}.snappy.parquet")
            write(part, [pa.Table.from_batches([batch])], schema)
    else:
        raise SystemExit(f"no kind '{kind}'")


KINDS = ("shuffled", "keys", "nulls", "plain", "one-group", "small-files")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    sources = {table: os.path.join(options.data, f"{table}.parquet") for table in TABLES}
    all_rows = sum(pq.ParquetFile(path).metadata.num_rows for path in sources.values())
    for kind in options.kinds.split(","):
        folder = os.path.join(options.out, kind)
        if os.path.exists(folder):
            continue
        part = folder + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        for table, source in sources.items():
            make_table(kind, source, os.path.join(part, f"{table}.parquet"), all_rows)
        os.rename(part, folder)
        print(folder, flush=True)


if __name__ == "__main__":
    main()
