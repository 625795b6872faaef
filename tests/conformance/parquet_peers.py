#!/usr/bin/env python3
"""Parquet between Weft and pyarrow, DuckDB, Polars and Spark, in both directions, on random tables.

    parquet_peers.py TOOL [--seed N] [--tables N] [--no-spark] [--keep FOLDER]

TOOL is the program parquet_tool of the build. Each table has random columns (types, nesting, NULLs, few
or many different values, sorted or not). Every peer writes it in each of its ways (encodings, codecs, page
versions, sizes of pages and row groups) and Weft reads the files; Weft writes it in each of its ways and
every peer reads those. All values are compared, as text that loses nothing. Needs pyarrow, duckdb and polars,
and unless --no-spark PySpark 4 with Java 17 (scripts/venv). A line a peer and direction tells what was
compared; a difference names file, column and row, and the seed. Exit code 1 when there is one."""

import argparse
import contextlib
import datetime
import decimal
import io
import os
import pathlib
import random
import subprocess
import sys
import tempfile

os.environ["TZ"] = "UTC"

import duckdb  # noqa: E402
import polars  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

EXACT = decimal.Context(prec=76)
WORDS = ["", "a", "exactly12byt", "thirteen byte", "longer than most of the others", "gr\u00fcn", "\u20ac"]


# ---- values as text -----------------------------------------------------------------------------------


def stored(array):
    """An array whose dates and times, at any depth, are their integers (times in microseconds)."""
    kind = array.type
    if isinstance(kind, pa.ExtensionType):
        return stored(array.storage)
    if pa.types.is_dictionary(kind):
        return stored(array.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return array.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64())
    if pa.types.is_date64(kind):
        return array.cast(pa.date32()).cast(pa.int32())
    if pa.types.is_date(kind):
        return array.cast(pa.int32())
    if pa.types.is_map(kind):
        keys, items = stored(array.keys), stored(array.items)
        return pa.MapArray.from_arrays(array.offsets, keys, items, mask=array.is_null())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values = stored(array.values)
        make = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
        return make.from_arrays(array.offsets, values, mask=array.is_null())
    if pa.types.is_struct(kind):
        fields = [stored(array.field(i)) for i in range(kind.num_fields)]
        return pa.StructArray.from_arrays(fields, names=[f.name for f in kind], mask=array.is_null())
    return array


def text(value, kind, like):
    """The form of tests/data/parquet/make.py; `like` is the type of the table that was made."""
    if value is None:
        return "NULL"
    if pa.types.is_map(like):
        pairs = [tuple(p.values()) if isinstance(p, dict) else p for p in value]
        return "<" + ", ".join(
            f"{text(k, None, like.key_type)}: {text(v, None, like.item_type)}" for k, v in pairs
        ) + ">"
    if pa.types.is_list(like):
        return "[" + ", ".join(text(v, None, like.value_type) for v in value) + "]"
    if pa.types.is_struct(like):
        return "{" + ", ".join(text(value[f.name], None, f.type) for f in like) + "}"
    if pa.types.is_boolean(like):
        return "true" if value else "false"
    if pa.types.is_decimal(like):
        return str(int(value.scaleb(like.scale, EXACT)))
    if pa.types.is_float32(like):
        return "%.9g" % value
    if pa.types.is_float64(like):
        return "%.17g" % value
    if isinstance(value, str):
        return "'" + value + "'"
    if isinstance(value, (bytes, bytearray)):
        return "x'" + value.hex() + "'"
    return str(value)


def lines_of(table, like):
    """A line a row of an Arrow table, its columns by the names of like."""
    columns = []
    for field in like.schema:
        column = table.column(field.name)
        chunk = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
        columns.append([text(v, None, field.type) for v in stored(chunk).to_pylist()])
    return ["\t".join(row) for row in zip(*columns)]


# ---- random tables ------------------------------------------------------------------------------------


class Tables:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def leaf_type(self):
        r = self.random
        precision = r.choice([1, 5, 9, 10, 15, 18, 19, 28, 38])
        return r.choice([
            pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64(),
            pa.string(), pa.string(), pa.binary(), pa.date32(), pa.timestamp("us", "UTC"), pa.timestamp("us"),
            pa.decimal128(precision, r.randint(0, precision)),
        ])

    def type(self, depth):
        r = self.random
        kind = r.random() if depth else 1
        if kind < 0.13:
            return pa.list_(self.type(depth - 1))
        if kind < 0.26:
            return pa.struct([(f"f{i}", self.type(depth - 1)) for i in range(r.randint(1, 3))])
        if kind < 0.35:
            return pa.map_(r.choice([pa.string(), pa.int32()]), self.type(depth - 1))
        return self.leaf_type()

    def leaf(self, kind, few):
        r = self.random
        if few:
            r = random.Random(f"{kind} {r.randrange(7)}")
        if pa.types.is_boolean(kind):
            return r.random() < 0.5
        if pa.types.is_integer(kind):
            bits = kind.bit_width
            bits = r.choice([bits, bits, min(bits, 7)])
            return r.randrange(-(1 << (bits - 1)), 1 << (bits - 1))
        if pa.types.is_float32(kind) or pa.types.is_float64(kind):
            value = r.choice([r.gauss(0, 1e6), 0.0, float("inf"), float("nan"), -1.5])
            return struct_float(value) if pa.types.is_float32(kind) else value
        if pa.types.is_decimal(kind):
            top = 10 ** r.choice([1, kind.precision])
            return decimal.Decimal(r.randrange(-top + 1, top)).scaleb(-kind.scale, EXACT)
        if pa.types.is_string(kind):
            return r.choice(WORDS) + (str(r.randrange(1000)) if r.random() < 0.5 else "")
        if pa.types.is_binary(kind):
            return r.randbytes(r.randrange(20))
        if pa.types.is_date(kind):
            return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.randrange(-100000, 100000))
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=r.randrange(-(2**52), 2**52))
        return moment.replace(tzinfo=datetime.timezone.utc) if kind.tz else moment

    def value(self, kind, nulls, few):
        r = self.random
        if r.random() < nulls:
            return None
        if pa.types.is_list(kind):
            return [self.value(kind.value_type, nulls, few) for _ in range(r.choice([0, 1, 2, 3, 6]))]
        if pa.types.is_struct(kind):
            return {f.name: self.value(f.type, nulls, few) for f in kind}
        if pa.types.is_map(kind):
            keys = range(r.choice([0, 1, 3]))
            pairs = [(f"k{k}" if pa.types.is_string(kind.key_type) else k, k) for k in keys]
            return [(key, self.value(kind.item_type, nulls, few)) for key, _ in pairs]
        return self.leaf(kind, few)

    def column(self, rows):
        r = self.random
        kind = self.type(r.choice([0, 0, 1, 2, 3]))
        nulls, few = r.choice([0, 0.1, 0.5, 1 if r.random() < 0.2 else 0]), r.random() < 0.5
        values = [self.value(kind, nulls, few) for _ in range(rows)]
        simple = not (pa.types.is_nested(kind) or pa.types.is_floating(kind))
        if r.random() < 0.3 and simple:
            values.sort(key=lambda v: (v is not None, v))
        elif few and r.random() < 0.3:
            values = [values[i - i % 37] for i in range(rows)]  # runs
        return pa.array(values, kind)

    def table(self):
        r = self.random
        rows = r.choice([0, 1, 100, 1000, 3000])
        columns = {"id": pa.array(range(rows), pa.int32())}
        for i in range(r.randint(3, 7)):
            columns[f"c{i}"] = self.column(rows)
        return pa.table(columns)


def struct_float(value):
    return pa.scalar(value, pa.float64()).cast(pa.float32(), safe=False).as_py()


# ---- peers: write(table, folder) gives paths; read(path) an Arrow table --------------------------------


def flat(kind):
    return not pa.types.is_nested(kind)


class PyArrow:
    name = "pyarrow"
    lacks = ()  # codecs that it cannot read

    def write(self, table, folder):
        encodings = {}
        for field in table.schema:
            if pa.types.is_integer(field.type) or pa.types.is_date(field.type):
                encodings[field.name] = "DELTA_BINARY_PACKED"
            elif pa.types.is_string(field.type):
                encodings[field.name] = "DELTA_BYTE_ARRAY"
            elif pa.types.is_binary(field.type):
                encodings[field.name] = "DELTA_LENGTH_BYTE_ARRAY"
            elif pa.types.is_floating(field.type) or pa.types.is_decimal(field.type):
                encodings[field.name] = "BYTE_STREAM_SPLIT"
        small = {"data_page_size": 300, "write_batch_size": 20, "dictionary_pagesize_limit": 500,
                 "row_group_size": 170, "write_page_index": True}
        ways = [{"compression": c, "data_page_version": v, "write_page_checksum": v == "2.0"}
                for c in ("none", "snappy", "gzip", "brotli", "lz4", "zstd") for v in ("1.0", "2.0")]
        for version in ("1.0", "2.0"):
            ways.append({"use_dictionary": False, "data_page_version": version})
            ways.append({"use_dictionary": False, "column_encoding": encodings, "data_page_version": version})
            ways.append({"data_page_version": version, **small})
            ways.append({"store_decimal_as_integer": True, "version": "1.0", "data_page_version": version})
        for i, way in enumerate(ways):
            path = folder / f"pyarrow-{i}.parquet"
            pq.write_table(table, path, **way)
            yield path

    def read(self, path):
        return pq.ParquetFile(path, page_checksum_verification=True).read()


class DuckDB:
    name = "duckdb"
    lacks = ()

    def __init__(self):
        self.con = duckdb.connect()
        self.con.execute("set timezone='UTC'")

    def write(self, table, folder):
        for i, (codec, version, extra) in enumerate([
            ("uncompressed", "V1", ""), ("snappy", "V1", ""), ("zstd", "V2", ""), ("gzip", "V1", ""),
            ("lz4_raw", "V2", ""), ("brotli", "V2", ""), ("snappy", "V2", ", ROW_GROUP_SIZE 2048"),
            ("zstd", "V1", ", DICTIONARY_SIZE_LIMIT 10"),
        ]):
            path = folder / f"duckdb-{i}.parquet"
            self.con.register("t", table)
            self.con.execute(f"COPY t TO '{path}' (FORMAT parquet, CODEC '{codec}', "
                             f"PARQUET_VERSION {version}{extra})")
            yield path

    def read(self, path):
        return self.con.sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()


class Polars:
    name = "polars"
    lacks = ()

    def write(self, table, folder):
        frame = polars.from_arrow(table)
        for i, way in enumerate([
            {"compression": "uncompressed"}, {"compression": "snappy"}, {"compression": "gzip"},
            {"compression": "zstd"}, {"compression": "lz4"}, {"compression": "brotli"},
            {"row_group_size": 130, "statistics": "full"}, {"data_page_size": 400, "statistics": False},
        ]):
            path = folder / f"polars-{i}.parquet"
            frame.write_parquet(path, **way)
            yield path

    def read(self, path):
        return polars.read_parquet(path).to_arrow()


class Spark:
    name = "spark"
    lacks = ("brotli",)

    def __init__(self, scratch):
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        import spark_sql

        self.spark = spark_sql.open_session(scratch)
        self.spark.conf.set("spark.sql.parquet.inferTimestampNTZ.enabled", "true")

    def write(self, table, folder):
        source = folder / "spark-source.parquet"
        pq.write_table(table, source)
        frame = self.spark.read.parquet(str(source)).coalesce(1)
        v2 = {"parquet.writer.version": "v2"}
        plain = {"parquet.enable.dictionary": "false"}
        small = {"parquet.page.size": "300", "parquet.block.size": "9000",
                 "parquet.page.row.count.limit": "70", "parquet.block.size.row.check.min": "10",
                 "parquet.page.size.row.check.min": "10"}
        for i, way in enumerate([
            {"compression": "none"}, {"compression": "snappy", **v2}, {"compression": "gzip", **plain},
            {"compression": "zstd", **v2, **plain}, {"compression": "lz4_raw", **small},
            {"compression": "lz4", **v2, **small, **plain}, {"parquet.bloom.filter.enabled": "true"},
        ]):
            out = folder / f"spark-{i}"
            frame.write.options(**way).parquet(str(out))
            (path,) = out.glob("part-*.parquet")
            yield path

    def read(self, path):
        return self.spark.read.parquet(str(path)).toArrow()


# ---- Weft ---------------------------------------------------------------------------------------------

WAYS = [[("compression", c), ("parquet.writer.version", v)]
        for c in ("none", "snappy", "gzip", "zstd", "lz4_raw", "brotli") for v in ("v1", "v2")] + [
    [("weft.parquet.encoding", "plain")],
    [("weft.parquet.encoding", "delta"), ("parquet.writer.version", "v2")],
    [("weft.parquet.encoding", "delta")],
    [("parquet.block.size", "20k"), ("parquet.page.size", "1k"), ("parquet.page.row.count.limit", "90")],
    [("parquet.dictionary.page.size", "200"), ("parquet.page.size", "500")],
    [("parquet.bloom.filter.enabled", "true"), ("parquet.page.write-checksum.enabled", "false")],
]  # fmt: skip


class Report:
    def __init__(self, seed):
        self.seed = seed
        self.files, self.values, self.wrong = {}, {}, 0

    def compare(self, what, path, got, want, names):
        """got, want: lines; an Exception when the file could not be read."""
        self.files[what] = self.files.get(what, 0) + 1
        self.values[what] = self.values.get(what, 0) + len(want) * len(names)
        problem = None
        if isinstance(got, Exception):
            problem = str(got).strip().split("\n")[0][:300]
        elif len(got) != len(want):
            problem = f"{len(got)} rows, not {len(want)}"
        else:
            for row, (g, w) in enumerate(zip(got, want)):
                if g != w:
                    pairs = zip(names, g.split("\t"), w.split("\t"))
                    problem = next((f"column {n}, row {row}: {a}, not {b}" for n, a, b in pairs if a != b), g)
                    break
        if problem:
            self.wrong += 1
            print(f"WRONG {what}, seed {self.seed}, {path}: {problem}", flush=True)

    def show(self):
        for what in self.files:
            print(f"{what:28} {self.files[what]:6} files {self.values[what]:12} values")
        total = f"{sum(self.files.values())} files, {sum(self.values.values())} values"
        print(f"parquet: {total} compared, {self.wrong} files wrong (seed {self.seed})")


def tool_read(tool, paths):
    """{path: lines or Exception} of files that Weft reads."""
    done = subprocess.run([tool, "read", *map(str, paths)], capture_output=True, check=True)
    out, path = {}, None
    for line in done.stdout.decode().split("\n")[:-1]:
        if line.startswith("-- "):
            path, header = line[3:], True
            out[path] = []
        elif header and line.startswith("error: "):
            out[path] = ValueError(line)
        elif header:
            header = False
        else:
            out[path].append(line)
    return out


def check_table(tool, peers, table, folder, report):
    names = table.column_names
    want = lines_of(table, table)
    for peer in peers:
        paths = list(peer.write(table, folder))
        read = tool_read(tool, paths)
        for path in paths:
            report.compare(f"{peer.name} writes, weft reads", path, read[str(path)], want, names)
    source = folder / "source.parquet"
    pq.write_table(table, source, compression="none")
    for i, way in enumerate(WAYS):
        path = folder / f"weft-{i}.parquet"
        options = [part for pair in way for part in pair]
        done = subprocess.run([tool, "copy", source, path, *options], capture_output=True)
        for peer in peers:
            if dict(way).get("compression") in peer.lacks:
                continue
            try:
                failed = ValueError(done.stderr.decode()) if done.returncode else None
                got = failed or lines_of(peer.read(path), table)
            except Exception as error:  # noqa: BLE001 whatever a peer raises is its answer
                got = error
            report.compare(f"weft writes, {peer.name} reads", path, got, want, names)


def check_canary(seed):
    """A comparison that cannot see a difference would pass always."""
    table = Tables(seed).table()
    want = lines_of(table, table) or ["0"]
    report = Report(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        report.compare("canary", "equal", want, want, table.column_names)
        report.compare("canary", "value", want[:-1] + [want[-1] + "1"], want, table.column_names)
        report.compare("canary", "rows", want[:-1], want, table.column_names)
        report.compare("canary", "error", ValueError("unreadable"), want, table.column_names)
    assert report.wrong == 3, "the comparison is blind"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tool")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", type=int, default=12)
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--keep", help="leave the files in this folder")
    args = parser.parse_args()
    check_canary(args.seed)
    report = Report(args.seed)
    with tempfile.TemporaryDirectory(prefix="weft-parquet-") as scratch:
        peers = [PyArrow(), DuckDB(), Polars()]
        if not args.no_spark:
            peers.append(Spark(scratch))
        for number in range(args.tables):
            folder = pathlib.Path(args.keep or scratch) / f"table-{number}"
            folder.mkdir(parents=True)
            table = Tables(f"{args.seed}/{number}").table()
            check_table(args.tool, peers, table, folder, report)
    report.show()
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
