#!/usr/bin/env python3
"""Make the Parquet files of this folder and, beside each, its rows as text (NAME.txt), as pyarrow reads them.

    make.py [FOLDER]      with pyarrow, duckdb and polars

The files are kept in the tree: tests need none of these programs. A row is a line, its values separated by
tabs: NULL, true, 12, decimals as unscaled integers, floats as C's %.9g and %.17g, 'text', x'6869' for binary,
dates as days, timestamps and times as microseconds, [a, b], {a, b} for structs, <k: v> for maps.
"""
import decimal
import pathlib
import random
import sys
import uuid

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
EXACT = decimal.Context(prec=76)
random.seed(7)


def microseconds(value, type):
    """An integer of the type's unit, rounded down to microseconds."""
    unit = {"s": 1_000_000, "ms": 1000, "us": 1}.get(type.unit)
    return value * unit if unit else value // 1000


def text(value, type):
    """value: as to_pylist gives it, but of dates and times the integer that is stored."""
    if value is None:
        return "NULL"
    if pa.types.is_list(type) or pa.types.is_large_list(type):
        return "[" + ", ".join(text(v, type.value_type) for v in value) + "]"
    if pa.types.is_struct(type):
        return "{" + ", ".join(text(value[f.name], f.type) for f in type) + "}"
    if pa.types.is_map(type):
        return "<" + ", ".join(f"{text(k, type.key_type)}: {text(v, type.item_type)}" for k, v in value) + ">"
    if pa.types.is_boolean(type):
        return "true" if value else "false"
    if pa.types.is_decimal(type):
        return str(int(value.scaleb(type.scale, EXACT)))
    if pa.types.is_float16(type) or pa.types.is_float32(type):
        return "%.9g" % value
    if pa.types.is_float64(type):
        return "%.17g" % value
    if isinstance(value, uuid.UUID):
        value = value.bytes
    if isinstance(value, str):
        return "'" + value + "'"
    if isinstance(value, bytes):
        return "x'" + value.hex() + "'"
    if pa.types.is_timestamp(type) or pa.types.is_time(type):
        return str(microseconds(value, type))
    return str(value)


def column_values(column):
    """A list of values; dates and times as stored integers."""
    type = column.type
    if pa.types.is_timestamp(type) or pa.types.is_time64(type):
        return column.cast(pa.int64()).to_pylist()
    if pa.types.is_time32(type) or pa.types.is_date32(type):
        return column.cast(pa.int32()).to_pylist()
    return column.to_pylist()


def note(name):
    """Write NAME.txt from what pyarrow reads of NAME.parquet."""
    path = FOLDER / f"{name}.parquet"
    table = pq.ParquetFile(path).read()
    columns = [[text(v, c.type) for v in column_values(c)] for c in table.columns]
    rows = ["\t".join(row) for row in zip(*columns)]
    (FOLDER / f"{name}.txt").write_text("".join(row + "\n" for row in rows))
    assert path.stat().st_size < 20_000, (name, path.stat().st_size)


def write(name, table, **options):
    pq.write_table(table, FOLDER / f"{name}.parquet", **options)
    note(name)


def maybe(values, share=0.2):
    return [None if random.random() < share else v for v in values]


def words(n):
    some = ["", "a", "exactly12byt", "thirteen byte", "a longer one than most of the others", "grün",
            "sixteen bytes ok"]
    return [random.choice(some) + (str(i) if random.random() < 0.3 else "") for i in range(n)]


def all_types(n):
    ints = lambda bits: maybe([random.randrange(-(1 << (bits - 1)), 1 << (bits - 1)) for _ in range(n)])
    uints = lambda bits: maybe([random.randrange(0, 1 << bits) for _ in range(n)])
    dec = lambda p, s: maybe([decimal.Decimal(random.randrange(-(10**p) + 1, 10**p)).scaleb(-s, EXACT)
                              for _ in range(n)])
    halves = [0.5, -2.0, 65504.0, 5.9604644775390625e-08, 0.0]
    us = [random.randrange(-2**52, 2**52) for _ in range(n)]
    return pa.table({
        "id": pa.array(range(n), pa.int32()),
        "bool": pa.array(maybe([random.random() < 0.5 for _ in range(n)])),
        "i8": pa.array(ints(8), pa.int8()), "i16": pa.array(ints(16), pa.int16()),
        "i32": pa.array(ints(32), pa.int32()), "i64": pa.array(ints(64), pa.int64()),
        "u8": pa.array(uints(8), pa.uint8()), "u16": pa.array(uints(16), pa.uint16()),
        "u32": pa.array(uints(32), pa.uint32()), "u64": pa.array(uints(64), pa.uint64()),
        "f16": pa.array(maybe([random.choice(halves) for _ in range(n)]), pa.float16()),
        "f32": pa.array(maybe([random.random() for _ in range(n)]), pa.float32()),
        "f64": pa.array(maybe([random.gauss(0, 1e10) for _ in range(n)])),
        "d9": pa.array(dec(9, 2), pa.decimal128(9, 2)), "d18": pa.array(dec(18, 5), pa.decimal128(18, 5)),
        "d38": pa.array(dec(38, 10), pa.decimal128(38, 10)),
        "d38n": pa.array(dec(12, 3), pa.decimal128(38, 3)),
        "s": pa.array(maybe(words(n))), "b": pa.array(maybe([random.randbytes(i % 19) for i in range(n)])),
        "fixed": pa.array(maybe([random.randbytes(5) for _ in range(n)]), pa.binary(5)),
        "wide": pa.array(maybe([random.randbytes(16) for _ in range(n)]), pa.binary(16)),
        "date": pa.array(maybe([random.randrange(-100000, 100000) for _ in range(n)]), pa.date32()),
        "ms": pa.array(maybe([u // 1000 for u in us]), pa.timestamp("ms")),
        "us": pa.array(maybe(us), pa.timestamp("us", "UTC")),
        "ns": pa.array(maybe([u * 1000 + 7 for u in us]), pa.timestamp("ns")),
        "t32": pa.array(maybe([random.randrange(86400000) for _ in range(n)]), pa.time32("ms")),
        "t64": pa.array(maybe([random.randrange(86400000000) for _ in range(n)]), pa.time64("us")),
        "none": pa.array([None] * n, pa.int32()),
    })


def nested(n):
    count = lambda: random.choice([0, 0, 1, 2, 3, 7])
    item = lambda: None if random.random() < 0.2 else random.randrange(1000)
    word = lambda: None if random.random() < 0.2 else random.choice(["x", "yes", "a string of some length"])
    items = lambda: [item() for _ in range(count())]
    lists = maybe([[item() for _ in range(count())] for _ in range(n)])
    return pa.table({
        "id": pa.array(range(n), pa.int32()),
        "list": pa.array(lists, pa.list_(pa.int64())),
        "strings": pa.array(maybe([[word() for _ in range(count())] for _ in range(n)]),
                            pa.list_(pa.string())),
        "deep": pa.array(maybe([maybe([items() for _ in range(count())]) for _ in range(n)]),
                         pa.list_(pa.list_(pa.int32()))),
        "struct": pa.array(maybe([{"a": item(), "b": word()} for _ in range(n)]),
                           pa.struct([("a", pa.int32()), ("b", pa.string())])),
        "map": pa.array(maybe([[(f"k{j}", item()) for j in range(count())] for _ in range(n)]),
                        pa.map_(pa.string(), pa.int32())),
        "rows": pa.array(maybe([[{"x": item(), "y": items()} for _ in range(count())] for _ in range(n)]),
                         pa.list_(pa.struct([("x", pa.int32()), ("y", pa.list_(pa.int32()))]))),
        "outer": pa.array(maybe([{"in": None if random.random() < 0.3 else {"v": item()}, "l": [item()]}
                                 for _ in range(n)]),
                          pa.struct([("in", pa.struct([("v", pa.int64())])), ("l", pa.list_(pa.int64()))])),
    })


def encodings():
    n = 300
    t = pa.table({
        "i32": pa.array(maybe([i * 3 - 100 for i in range(n)]), pa.int32()),
        "i64": pa.array([random.randrange(-2**63, 2**63) for _ in range(n)], pa.int64()),
        "s": pa.array(maybe(sorted(words(n)))),
        "f": pa.array(maybe([random.randbytes(4) for _ in range(n)]), pa.binary(4)),
        "f32": pa.array([i / 7 for i in range(n)], pa.float32()),
        "f64": pa.array(maybe([i / 7 for i in range(n)])),
        "bool": pa.array(maybe([i % 5 == 0 for i in range(n)])),
    })
    for version in ("1.0", "2.0"):
        v = version[0]
        write(f"delta_v{v}", t.select(["i32", "i64", "s", "f", "bool"]), use_dictionary=False,
              data_page_version=version, data_page_size=600,
              column_encoding={"i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED",
                               "s": "DELTA_BYTE_ARRAY", "f": "DELTA_BYTE_ARRAY", "bool": "RLE"})
        write(f"split_v{v}", t.select(["i32", "i64", "f", "f32", "f64", "s"]), use_dictionary=False,
              data_page_version=version, data_page_size=600, compression="zstd",
              column_encoding={"i32": "BYTE_STREAM_SPLIT", "i64": "BYTE_STREAM_SPLIT",
                               "f": "BYTE_STREAM_SPLIT", "f32": "BYTE_STREAM_SPLIT",
                               "f64": "BYTE_STREAM_SPLIT", "s": "DELTA_LENGTH_BYTE_ARRAY"})


def main():
    t = all_types(60)
    write("types_plain", t, use_dictionary=False, compression="none")
    write("types_dictionary", t, data_page_version="2.0", compression="snappy")
    write("types_int_decimals", t.select(["id", "d9", "d18", "d38n"]), store_decimal_as_integer=True)
    write("int96", t.select(["id", "us", "ns"]), use_deprecated_int96_timestamps=True)
    uuids = [uuid.UUID(int=i * 7**40 % 2**128).bytes for i in range(9)]
    write("uuid", pa.table({"u": pa.array(uuids, pa.uuid())}))
    for codec in ("none", "snappy", "gzip", "brotli", "lz4", "zstd"):
        small = pa.table({"i": pa.array([i % 40 for i in range(400)]), "s": pa.array(maybe(words(400)))})
        write(f"codec_{codec}", small, compression=codec, use_dictionary=False, write_page_checksum=True)
    encodings()
    write("nested_v1", nested(50), compression="zstd", data_page_size=60, write_batch_size=5)
    write("nested_v2", nested(50), compression="zstd", data_page_version="2.0", data_page_size=60,
          write_batch_size=5, write_page_index=True)
    # Sorted numbers, runs of codes, a dictionary that gives way to plain pages, several row groups, indexes.
    n = 1000
    write("pages", pa.table({
        "n": pa.array([i * 2 for i in range(n)], pa.int64()),
        "run": pa.array([f"run {i // 90}" for i in range(n)]),
        "code": pa.array(maybe([f"code {random.randrange(9)} of nine" for _ in range(n)])),
        "mixed": pa.array([f"{i % 30}" if i < 500 else f"value {i * 37 % 1000}" for i in range(n)]),
        "d": pa.array([decimal.Decimal(i * 31 % 997).scaleb(-2) for i in range(n)], pa.decimal128(15, 2)),
    }), row_group_size=400, data_page_size=500, write_batch_size=40, compression="zstd",
        dictionary_pagesize_limit=400, write_page_index=True, store_decimal_as_integer=True)
    write("empty", t.slice(0, 0).select(["id", "s", "d38"]))
    duckdb.sql(f"""COPY (SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE 'v' || (i % 13) END AS s,
                   (i * 1.25)::DECIMAL(20, 3) AS d, [i, NULL, i + 1] AS l,
                   struct_pack(a := i, b := 'x' || i) AS st
                   FROM range(200) t(i)) TO '{FOLDER / "duckdb.parquet"}'
                   (FORMAT parquet, PARQUET_VERSION V2)""")
    note("duckdb")
    polars.DataFrame({"id": range(200), "s": maybe(words(200)), "f": [i / 3 for i in range(200)],
                      "l": [[i] * (i % 4) for i in range(200)]}).write_parquet(FOLDER / "polars.parquet")
    note("polars")


if __name__ == "__main__":
    main()
