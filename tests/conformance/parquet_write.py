#!/usr/bin/env python3
"""Parquet files that Weft writes, read by pyarrow, DuckDB and Polars: every type, codec and page form.

    parquet_write.py TOOL [--rows N]

TOOL is the program parquet_write_tool of the build. Needs pyarrow, duckdb and polars (scripts/venv).
The formulas of the rows are those of tests/support/parquet_sample.c."""

import argparse
import datetime
import decimal
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

import duckdb
import polars
import pyarrow.parquet as pq

decimal.getcontext().prec = 60
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc


def dec(unscaled, scale):
    return decimal.Decimal(unscaled).scaleb(-scale)


def item(row):
    words = None if row % 5 == 2 else [f"word {k} of row {row}" for k in range(row % 4)]
    prices = [(row, None if row % 7 == 0 else dec(row * -1000000007, 3)) for _ in range(row % 2)]
    return {"words": words, "prices": prices}


def i32(n):
    return struct.unpack("<i", struct.pack("<I", n & 0xFFFFFFFF))[0]


def one_of(period, r, k, value):
    return None if (r + k) % period == 0 else value


def micros(n):
    return EPOCH + datetime.timedelta(microseconds=n)


COLUMNS = {
    "id": lambda r: r,
    "bool": lambda r: None if r % 7 == 3 else r % 3 == 0,
    "tiny": lambda r: None if r % 11 == 5 else r % 256 - 128,
    "small": lambda r: None if r % 13 == 0 else r * 7 % 65536 - 32768,
    "int": lambda r: None if r % 17 == 2 else i32(r * 2654435761),
    "low": lambda r: None if r % 10 == 9 else r % 100 - 50,
    "float": lambda r: None if r % 5 == 0 else math.nan if r % 997 == 500 else (r % 1000) / 8 - 60,
    "double": lambda r: None if r % 19 == 0 else r * 0.25 - 1000,
    "d9": lambda r: None if r % 6 == 0 else dec(r * 13 % 2000000 - 1000000, 2),
    "d15": lambda r: None if r % 23 == 0 else dec(r * 1000003 - 5000000000, 2),
    "d38": lambda r: None if r % 4 == 1 else dec((r - 5000) * 10**20 + r, 10),
    "name": lambda r: f"the name of number {r * 31 % 50}",
    "text": lambda r: None if r % 14 == 6 else f"row {r}" + " h\u00e9llo w\u00f6rld \u20ac" * (r % 5),
    "bin": lambda r: None if r % 15 == 8 else bytes(255 - (r + k) % 256 for k in range(r % 20)),
    "date": lambda r: None if r % 9 == 0 else micros((r % 100000 - 50000) * 86400000000).date(),
    "ts": lambda r: None if r % 8 == 0 else micros((r - 5000) * 25200000000 + r).replace(tzinfo=UTC),
    "ntz": lambda r: None if r % 8 == 1 else micros((r - 5000) * 61000001),
    "nothing": lambda r: None,
    "req": lambda r: f"r{r % 1000}",
    "const": lambda r: "weft",
    "run": lambda r: r // 100,
    "arr": lambda r: None if r % 10 == 4 else [one_of(5, r, k, r + k) for k in range(r % 4)],
    "st": lambda r: None if r % 6 == 1 else {"a": None if r % 4 == 2 else r * 3, "b": f"s{r % 9}"},
    "map": lambda r: None if r % 8 == 7 else [(f"k{k}", one_of(4, r + 1, k, r * k)) for k in range(r % 3)],
    "items": lambda r: [one_of(11, r, k, item(r + k)) for k in range(r % 3)],
}
SPARK_TYPES = {
    "id": "long", "bool": "boolean", "tiny": "byte", "small": "short", "int": "integer",
    "d15": "decimal(15,2)",
    "date": "date", "ts": "timestamp", "ntz": "timestamp_ntz", "bin": "binary", "text": "string",
    "arr": {"type": "array", "elementType": "integer", "containsNull": True},
}  # fmt: skip

VARIANTS = [[("compression", codec)] for codec in ("none", "snappy", "gzip", "zstd", "lz4_raw", "brotli")] + [
    [("parquet.writer.version", "v2")],
    [("parquet.writer.version", "v2"), ("compression", "none")],
    [("weft.parquet.encoding", "plain")],
    [("weft.parquet.encoding", "delta")],
    [("weft.parquet.encoding#text", "delta"), ("weft.parquet.encoding#name", "plain")],
    [("parquet.block.size", "200k"), ("parquet.page.size", "8k"), ("parquet.page.row.count.limit", "700")],
    [("parquet.dictionary.page.size", "4k"), ("parquet.page.size", "4k")],
    [("parquet.bloom.filter.enabled", "true"), ("compression", "zstd")],
    [("parquet.page.row.count.limit", "1")],
    [("parquet.page.write-checksum.enabled", "false")],
]


def same(got, want):
    """Equality where NaN equals itself, and maps equal lists of pairs, whatever the reader makes of them."""
    if got is None or want is None:
        return got is want
    if isinstance(want, float):
        return math.isnan(got) if math.isnan(want) else got == want
    if isinstance(want, list):
        if isinstance(got, dict):  # DuckDB's maps
            got = list(got.items())
        return len(got) == len(want) and all(same(g, w) for g, w in zip(got, want))
    if isinstance(want, tuple):
        got = list(got.values()) if isinstance(got, dict) else got
        return len(got) == len(want) and all(same(g, w) for g, w in zip(got, want))
    if isinstance(want, dict):
        return got.keys() == want.keys() and all(same(got[k], want[k]) for k in want)
    if isinstance(want, bytes):
        return bytes(got) == want
    return got == want


def check_rows(reader, name, got, want):
    if len(got) != len(want):
        raise AssertionError(f"{reader}: column {name} has {len(got)} rows, not {len(want)}")
    for row, (g, w) in enumerate(zip(got, want)):
        if not same(g, w):
            raise AssertionError(f"{reader}: column {name}, row {row}: {g!r}, not {w!r}")


def check_pyarrow(path, want):
    table = pq.ParquetFile(path, page_checksum_verification=True).read()
    table.validate(full=True)
    for name, values in want.items():
        check_rows("pyarrow", name, table.column(name).to_pylist(), values)


def check_duckdb(path, want):
    con = duckdb.connect()
    con.execute("set timezone='UTC'")
    for name, values in want.items():
        what = f'"{name}"'
        if name == "ts":  # its Python values with a zone would need pytz
            what = "epoch_us(ts)"
            one = datetime.timedelta(microseconds=1)
            values = [None if v is None else (v - EPOCH.replace(tzinfo=UTC)) // one for v in values]
        got = [r[0] for r in con.execute(f"select {what} from read_parquet(?)", [path]).fetchall()]
        check_rows("duckdb", name, got, values)
    # Filters that its statistics, page and bloom pruning must not get wrong.
    rows = len(want["id"])
    for name in ("id", "low", "name", "text", "d15", "d38", "date", "int"):
        for row in {0, min(7, rows - 1), rows // 2, rows - 1}:
            value = want[name][row]
            if value is None:
                continue
            expect = sum(1 for v in want[name] if v == value)
            query = f'select count(*) from read_parquet(?) where "{name}" = ?'
            got = con.execute(query, [path, value]).fetchone()[0]
            if got != expect:
                raise AssertionError(f"duckdb: {name} = {value!r}: {got} rows, not {expect}")


def check_polars(path, want):
    frame = polars.read_parquet(path)
    for name, values in want.items():
        if name in ("map", "items"):  # Polars shows maps as lists of structs; pyarrow and DuckDB judge them
            continue
        check_rows("polars", name, frame[name].to_list(), values)
    lazy = polars.scan_parquet(path)
    for value in (0, -50, 49):
        expect = sum(1 for v in want["low"] if v == value)
        got = lazy.filter(polars.col("low") == value).select(polars.len()).collect().item()
        if got != expect:
            raise AssertionError(f"polars: low = {value}: {got} rows, not {expect}")


def check_metadata(path, want, options):
    meta = pq.ParquetFile(path).metadata
    options = dict(options)
    if not meta.created_by.startswith("weft version "):
        raise AssertionError(f"created_by is {meta.created_by}")
    schema = json.loads(meta.metadata[b"org.apache.spark.sql.parquet.row.metadata"])
    types = {f["name"]: f["type"] for f in schema["fields"]}
    if list(types) != list(COLUMNS) or any(types[n] != t for n, t in SPARK_TYPES.items()):
        raise AssertionError(f"Spark's schema is {schema}")
    if options.get("parquet.block.size") and meta.num_row_groups < 3:
        raise AssertionError(f"{meta.num_row_groups} row groups")
    row = 0
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        for c in range(group.num_columns):
            chunk = group.column(c)
            name = chunk.path_in_schema
            if name not in COLUMNS:
                continue
            values = want[name][row : row + group.num_rows]
            there = [v for v in values if v is not None and not (isinstance(v, float) and math.isnan(v))]
            stats = chunk.statistics
            if stats.null_count != sum(v is None for v in values):
                raise AssertionError(f"{name}: null_count {stats.null_count}")
            if there and name not in ("ts", "ntz", "text", "bin", "d38", "d9", "d15") and (
                stats.min != min(there) or stats.max != max(there)
            ):
                raise AssertionError(f"{name}: bounds {stats.min!r} to {stats.max!r}")
            if not chunk.has_offset_index or (name != "float" and there and not chunk.has_column_index):
                raise AssertionError(f"{name}: no page index")
        row += group.num_rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("--rows", type=int, default=8000)
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, options in enumerate(VARIANTS):
            for rows in (45000, args.rows, 1, 0) if number == 1 else (args.rows,):
                path = os.path.join(folder, f"{number}-{rows}.parquet")
                flat = [part for pair in options for part in pair]
                subprocess.run([args.tool, path, str(rows), *flat], check=True, stdout=subprocess.DEVNULL)
                want = {name: [formula(r) for r in range(rows)] for name, formula in COLUMNS.items()}
                try:
                    check_metadata(path, want, options)
                    check_pyarrow(path, want)
                    if rows:
                        check_duckdb(path, want)
                        check_polars(path, want)
                    print(f"ok    {rows} rows {dict(options)} {os.path.getsize(path)} bytes")
                except AssertionError as error:
                    failed += 1
                    print(f"WRONG {rows} rows {dict(options)}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
