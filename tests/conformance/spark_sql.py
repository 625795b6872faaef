#!/usr/bin/env python3
"""The SQL scripts of tests/sql against Apache Spark (PySpark 4 and Java 17): are the expected rows Spark's?

    spark_sql.py                           every script
    spark_sql.py joins/outer.test          chosen scripts or folders
    spark_sql.py --update joins/outer.test write Spark's rows as the expected ones

A record with the option `own` is Weft's own meaning and is left out; the script says why. Exit code 1 when
any other record differs."""

import argparse
import logging
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sql"))
import run  # noqa: E402


def open_session(scratch):
    from pyspark.sql import SparkSession

    logging.disable(logging.CRITICAL)  # PySpark logs every error with its whole Java stack
    builder = SparkSession.builder.master("local[1]")
    settings = {
        "spark.sql.warehouse.dir": os.path.join(scratch, "warehouse"),
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:TieredStopAtLevel=1",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def rows_of(spark, text, typed=False):
    """The rows as `weft sql --format csv` gives them, the header first, with types where they are asked for;
    [] for a statement without rows."""
    frame = spark.sql(text)
    names = list(frame.columns)
    if not names:
        return []
    if typed:
        names = [f"{field.name} {field.dataType.simpleString()}" for field in frame.schema.fields]
    frame = frame.toDF(*(f"c{i}" for i in range(len(names))))
    frame = frame.select([frame[name].cast("string") for name in frame.columns])
    return [names] + [list(row) for row in frame.collect()]


def error_of(error):
    """(class, SQLSTATE, first line) of what PySpark raised."""
    text = str(error)
    state = re.search(r"SQLSTATE: (\w{5})", text)
    name = error.getCondition() if hasattr(error, "getCondition") else None
    if not name:
        match = re.search(r"\[([A-Z0-9_.]+)\]", text)
        name = match.group(1) if match else type(error).__name__
    return name, state.group(1) if state else None, text.strip().split("\n")[0][:300]


def check(spark, record):
    """None when the record is what Spark does, else what differs."""
    try:
        rows = rows_of(spark, record.text, "typed" in record.options)
    except Exception as error:  # noqa: BLE001 every error of Spark is an answer
        name, state, line = error_of(error)
        if record.kind != "error":
            return f"Spark fails: {line}"
        if name != record.error_class:
            return f"{record.error_class} expected, Spark gives {name}: {line}"
        if record.sqlstate and state and record.sqlstate != state:
            return f"SQLSTATE {record.sqlstate} expected, Spark gives {state}"
        return None
    if record.kind == "error":
        return f"{record.error_class} expected, Spark succeeds"
    return run.compare(record, rows) if record.kind == "query" else None


def check_script(spark, path, update):
    """Failures of a script: a list of (record, text)."""
    script = run.Script(path)
    session = spark.newSession()
    failures = []
    with tempfile.TemporaryDirectory(prefix="weft-spark-") as scratch:
        run.fill_names(script, scratch)
        for setting in script.conf:
            key, value = setting.split("=", 1)
            if key.startswith("spark."):
                session.conf.set(key, value)
        for record in script.records:
            if "own" in record.options:
                continue
            problem = check(session, record)
            written = update and getattr(record, "actual", None) is not None
            if problem and not written:
                failures.append((record, problem))
    if update:
        script.update()
    return failures


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scripts", nargs="*", default=[run.HERE])
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    paths = [os.path.abspath(path) for path in run.find_scripts(options.scripts)]
    failed = count = 0
    with tempfile.TemporaryDirectory(prefix="weft-spark-") as scratch:
        os.chdir(scratch)
        spark = open_session(scratch)
        for path in paths:
            for record, problem in check_script(spark, path, options.update):
                failed += 1
                print(f"DIFF {record.where}\n  {record.sql.strip()}\n    {problem}", flush=True)
            count += len(run.Script(path).records)
        spark.stop()
    print(f"spark: {count} records, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
