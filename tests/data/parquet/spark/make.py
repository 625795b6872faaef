#!/usr/bin/env python3
"""Make the Parquet files of this folder with Apache Spark and, beside each, its rows as text (NAME.txt), as
Spark reads them back.

    make.py [FOLDER]      with PySpark 4 and Java 17

The form of a row is told in ../make.py: values separated by tabs, decimals as unscaled integers, dates as
days, timestamps as microseconds, [a, b], {a, b} for structs, <k: v> for maps (here by ascending key: Python
gets them in no order). A folder NAME is one table of
several files; its rows stand in the order of its files' paths."""

import datetime
import decimal
import os
import pathlib
import shutil
import sys
import tempfile
import time

os.environ["TZ"] = "UTC"
time.tzset()

from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402
from pyspark.sql import types as T  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
EXACT = decimal.Context(prec=76)
EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def text(value, type):
    if value is None:
        return "NULL"
    if isinstance(type, T.ArrayType):
        return "[" + ", ".join(text(v, type.elementType) for v in value) + "]"
    if isinstance(type, T.StructType):
        return "{" + ", ".join(text(value[f.name], f.dataType) for f in type.fields) + "}"
    if isinstance(type, T.MapType):
        pairs = (f"{text(k, type.keyType)}: {text(v, type.valueType)}" for k, v in sorted(value.items()))
        return "<" + ", ".join(pairs) + ">"
    if isinstance(type, T.BooleanType):
        return "true" if value else "false"
    if isinstance(type, T.DecimalType):
        return str(int(value.scaleb(type.scale, EXACT)))
    if isinstance(type, T.FloatType):
        return "%.9g" % value
    if isinstance(type, T.DoubleType):
        return "%.17g" % value
    if isinstance(type, (T.BinaryType,)):
        return "x'" + bytes(value).hex() + "'"
    if isinstance(type, T.DateType):
        return str((value - EPOCH.date()).days)
    if isinstance(type, (T.TimestampType, T.TimestampNTZType)):
        return str((value - EPOCH) // MICROSECOND)
    if isinstance(value, str):
        return "'" + value + "'"
    return str(value)


def open_session(scratch):
    builder = SparkSession.builder.master("local[1]")
    settings = {
        "spark.sql.warehouse.dir": os.path.join(scratch, "warehouse"),
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:TieredStopAtLevel=1",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


class Maker:
    def __init__(self, spark, scratch):
        self.spark = spark
        self.scratch = pathlib.Path(scratch)

    def rows(self, path, order=None, options=None, schema=None):
        reader = self.spark.read.options(**(options or {}))
        if schema:
            reader = reader.schema(T.StructType.fromJson(schema))
        frame = reader.parquet(str(path))
        if order:
            frame = frame.orderBy(order)
        types = [f.dataType for f in frame.schema.fields]
        return ["\t".join(text(v, t) for v, t in zip(row, types)) for row in frame.collect()]

    def note(self, name, rows):
        (FOLDER / f"{name}.txt").write_text("".join(row + "\n" for row in rows))

    def frame(self, frame, name, conf=None, **options):
        """One file NAME.parquet and its rows."""
        out = self.scratch / name
        for key, value in (conf or {}).items():
            self.spark.conf.set(key, value)
        try:
            frame.coalesce(1).write.options(**options).parquet(str(out))
        finally:
            for key in conf or {}:
                self.spark.conf.unset(key)
        (made,) = out.glob("part-*.parquet")
        shutil.copyfile(made, FOLDER / f"{name}.parquet")
        self.note(name, self.rows(FOLDER / f"{name}.parquet"))

    def folder(self, frame, name, *columns, **options):
        """A partitioned folder NAME, its files renamed so that making them again changes no name."""
        out = FOLDER / name
        shutil.rmtree(out, ignore_errors=True)
        frame.coalesce(1).write.partitionBy(*columns).options(**options).parquet(str(out))
        for made in out.rglob("*.crc"):
            made.unlink()
        for made in out.rglob("part-*.parquet"):
            made.rename(made.with_name("part-0.parquet"))
        self.note(name, self.rows(out, "id"))


def every(n, start=0):
    """SQL for n rows with a column of each plain type, about every fifth value NULL."""

    def some(k, value):
        return f"CASE WHEN pmod(hash(id, {k}), 5) = 0 THEN NULL ELSE {value} END"

    h = "xxhash64(id)"
    micros = "- 1000000000000000"
    columns = {
        "id": "CAST(id AS INT)",
        "bool": some(1, "pmod(hash(id), 3) = 1"),
        "i8": some(2, "CAST(pmod(hash(id, 8), 256) - 128 AS TINYINT)"),
        "i16": some(3, "CAST(pmod(hash(id, 16), 65536) - 32768 AS SMALLINT)"),
        "i32": some(4, "hash(id, 32)"),
        "i64": some(5, h),
        "f32": some(6, "CAST(hash(id) / 1000 AS FLOAT)"),
        "f64": some(7, "CAST(hash(id) AS DOUBLE) / 7"),
        "d9": some(8, "CAST(hash(id) / 1000 AS DECIMAL(9, 2))"),
        "d18": some(9, f"CAST(CAST({h} AS DECIMAL(20, 0)) / 1000000 AS DECIMAL(18, 4))"),
        "d20": some(10, f"CAST({h} AS DECIMAL(20, 0))"),
        "d38": some(11, f"CAST(CAST({h} AS DECIMAL(38, 0)) * 1000000007 AS DECIMAL(38, 6))"),
        "s": some(
            12,
            "concat('word ', CAST(pmod(hash(id), 17) AS STRING), repeat(' w\u00f6rd', CAST(id % 4 AS INT)))",
        ),
        "b": some(13, "CAST(CAST(hash(id) AS STRING) AS BINARY)"),
        "date": some(14, "date_add(DATE'1970-01-01', pmod(hash(id), 40000) - 20000)"),
        "ts": some(15, f"timestamp_micros(pmod({h}, 4000000000000000) {micros})"),
        "ntz": some(
            16, f"CAST(timestamp_micros(pmod(xxhash64(id, 1), 4000000000000000) {micros}) AS TIMESTAMP_NTZ)"
        ),
        "c": some(17, "CAST('char' AS STRING)"),
        "nothing": "CAST(NULL AS INT)",
    }
    body = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    return f"SELECT {body} FROM range({start}, {start + n})"


SPECIALS = """
    SELECT * FROM VALUES
        (1, CAST('NaN' AS DOUBLE), CAST('-0.0' AS DOUBLE), CAST('Infinity' AS FLOAT), '', X''),
        (2, CAST('-Infinity' AS DOUBLE), 0.0D, CAST('NaN' AS FLOAT), 'a', X'00'),
        (3, 1.7976931348623157E308D, 4.9E-324D, CAST('-0.0' AS FLOAT), repeat('long ', 200), X'ff00ff'),
        (4, NULL, NULL, NULL, NULL, NULL) AS t(id, d, z, f, s, b)"""

EXTREMES = """
    SELECT * FROM VALUES
        (1, CAST(-128 AS TINYINT), CAST(-32768 AS SMALLINT), CAST(-2147483648 AS INT),
         CAST('-9223372036854775808' AS BIGINT), -9999999.99BD, -99999999999999.9999BD,
         CAST('-99999999999999999999999999999999.999999' AS DECIMAL(38, 6)), DATE'0001-01-01',
         TIMESTAMP'0001-01-03 00:00:00', TIMESTAMP_NTZ'0001-01-03 00:00:00'),
        (2, CAST(127 AS TINYINT), CAST(32767 AS SMALLINT), 2147483647,
         9223372036854775807L, 9999999.99BD, 99999999999999.9999BD,
         CAST('99999999999999999999999999999999.999999' AS DECIMAL(38, 6)), DATE'9999-12-31',
         TIMESTAMP'9999-12-30 23:59:59.999999', TIMESTAMP_NTZ'9999-12-30 23:59:59.999999')
        AS t(id, i8, i16, i32, i64, d9, d18, d38, date, ts, ntz)"""

NESTED = """
    SELECT CAST(id AS INT) AS id,
        CASE WHEN id % 7 = 3 THEN NULL ELSE transform(sequence(0, CAST(id % 4 AS INT)),
            x -> CASE WHEN (x + id) % 3 = 0 THEN NULL ELSE x * id END) END AS list,
        CASE WHEN id % 5 = 2 THEN NULL WHEN id % 5 = 3 THEN array()
            ELSE array(array('a', NULL), NULL, array(), array(concat('deep ', id))) END AS deep,
        CASE WHEN id % 6 = 1 THEN NULL ELSE named_struct('a', CASE WHEN id % 2 = 0 THEN id END, 'b',
            concat('s', id), 'c', named_struct('d', CAST(id AS DECIMAL(20, 3)))) END AS st,
        CASE WHEN id % 8 = 5 THEN NULL WHEN id % 8 = 6 THEN map()
            ELSE map('k', CAST(id AS INT), 'l', NULL) END AS map,
        CASE WHEN id % 4 = 0 THEN NULL ELSE map(id, array(named_struct('x', DATE'2020-01-01', 'y', NULL),
            NULL, named_struct('x', NULL, 'y', TIMESTAMP'2021-02-03 04:05:06.789'))) END AS rows,
        array(named_struct('m', map(1, 'one', 2, NULL)), NULL) AS req,
        named_struct('l', CASE WHEN id % 3 = 0 THEN NULL ELSE array(id) END) AS outer
    FROM range(40)"""

OLD = """
    SELECT CAST(id AS INT) AS id, date_add(DATE'0001-01-03', CAST(id * 12345 AS INT)) AS date,
        timestampadd(SECOND, CAST(id * 1066600123 AS BIGINT), TIMESTAMP'0001-01-05 00:00:01.5') AS ts,
        CASE WHEN id % 2 = 0 THEN array(date_add(DATE'1582-10-15', CAST(id - 20 AS INT))) END AS list
    FROM range(64)"""


def plain_files(m):
    sql = m.spark.sql
    v2 = {"parquet.writer.version": "v2"}
    m.frame(sql(every(50)), "types_v1", compression="snappy")
    m.frame(sql(every(50)), "types_v2", compression="zstd", **v2)
    no_dictionary = {"parquet.enable.dictionary": "false"}
    m.frame(sql(every(50)), "types_v1_plain", compression="none", **no_dictionary)
    m.frame(sql(every(50)), "types_v2_delta", compression="gzip", **no_dictionary, **v2)
    for codec in ("lz4_raw", "lz4", "gzip", "zstd", "snappy", "none"):
        m.frame(sql("SELECT id, repeat(CAST(id % 9 AS STRING), 9) AS s FROM range(200)"), f"codec_{codec}",
                compression=codec)
    legacy = {"spark.sql.parquet.writeLegacyFormat": "true"}
    m.frame(sql(every(30, 100)).select("id", "d9", "d18", "d20", "d38"), "decimals_legacy", conf=legacy)
    m.frame(sql(NESTED), "nested_legacy", conf=legacy)
    m.frame(sql(SPECIALS), "specials")
    m.frame(sql(EXTREMES), "extremes")
    m.frame(sql(NESTED), "nested_v1")
    m.frame(sql(NESTED), "nested_v2", **v2, **no_dictionary)
    m.frame(sql(every(10)).where("false"), "empty")


def time_files(m):
    sql = m.spark.sql
    for form in ("INT96", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"):
        conf = {"spark.sql.parquet.outputTimestampType": form}
        m.frame(sql(every(30)).select("id", "ts"), f"time_{form.lower()}", conf=conf)
    for mode in ("LEGACY", "CORRECTED"):
        conf = {"spark.sql.parquet.datetimeRebaseModeInWrite": mode,
                "spark.sql.parquet.int96RebaseModeInWrite": mode}
        m.frame(sql(OLD), f"old_{mode.lower()}", conf=conf)
        conf["spark.sql.parquet.outputTimestampType"] = "INT96"
        m.frame(sql(OLD).select("id", "ts"), f"old_int96_{mode.lower()}", conf=conf)
    m.frame(sql(OLD), "old_legacy_los_angeles", conf={
        "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY",
        "spark.sql.session.timeZone": "America/Los_Angeles"})


def pruned_files(m):
    sql = m.spark.sql
    m.frame(sql("""SELECT id * 2 AS n, concat('run ', CAST(id DIV 90 AS STRING)) AS run,
                   CASE WHEN id % 6 = 0 THEN NULL
                   ELSE concat('code ', CAST(id * 7 % 9 AS STRING), ' of nine') END AS code,
                   concat('value ', CAST(id * 37 % 1000 AS STRING)) AS mixed,
                   CAST(id * 31 % 997 AS DECIMAL(15, 2)) AS d FROM range(600)"""), "pages",
            compression="zstd", **{
                "parquet.block.size": "12000", "parquet.page.size": "500",
                "parquet.page.row.count.limit": "40", "parquet.dictionary.page.size": "400",
                "parquet.block.size.row.check.min": "10", "parquet.block.row.count.limit": "400",
                "parquet.page.size.row.check.min": "5"})
    m.frame(sql("SELECT id * 3 AS n, concat('key ', CAST(id * 3 AS STRING)) AS s FROM range(200)"), "bloom",
            **{"parquet.bloom.filter.enabled#n": "true", "parquet.bloom.filter.enabled#s": "true",
               "parquet.bloom.filter.expected.ndv#n": "200", "parquet.bloom.filter.expected.ndv#s": "200",
               "parquet.enable.dictionary": "false"})


TYPES = {
    "tinyint": "7", "smallint": "300", "int": "70000", "bigint": "5000000000", "float": "1.1",
    "double": "2.2",
    "decimal(5,2)": "1.25", "decimal(9,2)": "-1.25", "decimal(7,4)": "1.2525", "decimal(10,0)": "5",
    "decimal(12,2)": "5", "decimal(20,0)": "5", "decimal(22,2)": "-5", "decimal(30,2)": "1.25",
    "string": "'s'", "binary": "X'41'", "date": "DATE'2020-01-02'",
    "timestamp": "TIMESTAMP'2020-01-02 03:04:05'", "timestamp_ntz": "TIMESTAMP_NTZ'2020-01-02 03:04:05'",
    "boolean": "true",
}  # fmt: skip


def widened_files(m):
    """One row of each type; as.txt: what Spark makes of it when asked for each other type, if it does."""
    lines = []
    for have, value in TYPES.items():
        name = "as_" + have.replace("(", "_").replace(",", "_").replace(")", "")
        out = m.scratch / name
        m.spark.sql(f"SELECT CAST({value} AS {have}) AS a").write.parquet(str(out))
        (made,) = out.glob("part-*.parquet")
        shutil.copyfile(made, FOLDER / f"{name}.parquet")
        for want in TYPES:
            frame = m.spark.read.schema(f"a {want}").parquet(str(out))
            try:
                row = frame.collect()[0]
            except Exception:  # noqa: BLE001 Spark refuses
                continue
            lines.append(f"{name}\t{want}\t{text(row[0], frame.schema[0].dataType)}")
    m.note("as", lines)


def evolved_files(m):
    """Two files whose nested columns differ: read with the first one's schema, and with the union of both."""
    first = """SELECT CAST(id AS INT) AS id,
        named_struct('a', id, 'b', named_struct('x', CAST(id AS INT))) AS st,
        CASE WHEN id % 3 = 0 THEN NULL ELSE array(named_struct('p', CAST(id AS INT)), NULL) END AS l,
        map('k', named_struct('v', CAST(id AS DECIMAL(9, 2)))) AS m FROM range(6)"""
    second = """SELECT CAST(id AS INT) AS id, CASE WHEN id % 4 = 1 THEN NULL ELSE
        named_struct('B', named_struct('y', concat('y', id), 'x', CAST(id AS INT)), 'c', array(id, NULL),
        'd', map(id, named_struct('z', true)), 'a', id) END AS st,
        array(named_struct('q', array(named_struct('r', 1)), 'p', CAST(id AS INT)), NULL) AS l,
        map('k', named_struct('v', CAST(id AS DECIMAL(5, 2)))) AS m FROM range(6, 12)"""
    out = FOLDER / "evolved"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    for name, query in (("a", first), ("b", second)):
        m.spark.sql(query).write.parquet(str(m.scratch / name))
        (made,) = (m.scratch / name).glob("part-*.parquet")
        shutil.copyfile(made, out / f"{name}.parquet")
    m.note("evolved_merged", m.rows(out, "id", {"mergeSchema": "true"}))
    schema = m.spark.read.parquet(str(out / "a.parquet")).schema
    m.note("evolved", m.rows(out, "id", schema=schema.jsonValue()))


def folders(m):
    sql = m.spark.sql
    m.folder(sql("""SELECT CAST(id AS INT) AS id, concat('v', id) AS v, CAST(id % 3 AS INT) AS p,
                    CASE WHEN id % 4 = 0 THEN NULL ELSE concat('a/b=', id % 4, ' %') END AS q
                    FROM range(24)"""), "parts", "p", "q")
    m.folder(sql("""SELECT CAST(id AS INT) AS id, date_add(DATE'2020-02-28', CAST(id % 3 AS INT)) AS day,
                    timestampadd(HOUR, CAST(id % 2 AS INT), TIMESTAMP'2020-01-01 00:00:00') AS at,
                    CASE WHEN id % 2 = 0 THEN CAST(id AS BIGINT) * 3000000000 ELSE 7 END AS big,
                    CAST(id % 2 AS DOUBLE) + 0.5 AS f FROM range(6)"""),
             "parts_typed", "day", "at", "big", "f")


def main():
    with tempfile.TemporaryDirectory(prefix="weft-spark-") as scratch:
        spark = open_session(scratch)
        spark.sparkContext.setLogLevel("OFF")
        m = Maker(spark, scratch)
        plain_files(m)
        time_files(m)
        pruned_files(m)
        widened_files(m)
        evolved_files(m)
        folders(m)
        spark.stop()


if __name__ == "__main__":
    main()
