#!/usr/bin/env python3
"""CSV as Spark reads it: the cases of csv_cases.py against Spark's recorded answers (csv_answers.json).

    csv_spark.py --weft build/release/weft     compare
    csv_spark.py --record                      ask Spark anew (PySpark 4 and Java 17)
    csv_spark.py --weft … --random csv --seed 1 --count 500
                                               files of text_cases.py, for which Spark is asked now; or json

Rows are compared as CAST(… AS STRING) gives them; where Spark fails, Weft must fail."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ANSWERS = os.path.join(HERE, "csv_answers.json")
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import text_cases  # noqa: E402
from csv_cases import CASES  # noqa: E402

# What is known to differ, and why (docs/formats.md).
KNOWN = {
    "infer_time": "a time of day alone is a timestamp of today",
    "mode_permissive": "a time of day alone is a timestamp of today",
    "corrupt": "a time of day alone is a timestamp of today",
}


def ask_spark(cases):
    """Spark's answers, by the names of the cases."""
    import spark_sql

    with tempfile.TemporaryDirectory() as scratch:
        spark = spark_sql.open_session(scratch)
        answers = {case["name"]: answer_of(spark, scratch, case) for case in cases}
        spark.stop()
    return answers


def answer_of(spark, scratch, case):
    kind = case.get("format", "csv")
    path = os.path.join(scratch, f"{case['name']}.{kind}")
    with open(path, "wb") as file:
        file.write(case["data"])
    try:
        reader = spark.read.format(kind).options(**case["options"])
        if case["schema"]:
            reader = reader.schema(case["schema"])
        reader.load(path).createOrReplaceTempView("v")
        query = spark.sql(case["query"])
        names = [f"c{i}" for i in range(len(query.columns))]
        texts = query.toDF(*names).selectExpr(*[f"CAST({n} AS STRING) {n}" for n in names])
        return {
            "types": [field.dataType.simpleString() for field in query.schema.fields],
            "names": query.columns,
            "rows": [list(row) for row in texts.collect()],
        }
    except Exception:  # whatever it says: it is an error
        return {"error": True}


def record():
    answers = ask_spark(CASES)
    with open(ANSWERS, "w") as file:
        file.write("{\n")
        file.write(",\n".join(f"{json.dumps(n)}: {json.dumps(a)}" for n, a in answers.items()))
        file.write("\n}\n")


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def statements(case, folder, index, columns):
    kind = case.get("format", "csv")
    path = os.path.join(folder, f"{case['name']}.{kind}")
    with open(path, "wb") as file:
        file.write(case["data"])
    options = {"path": path, **case["options"]}
    listed = ", ".join(f"`{key}` {quoted(value)}" for key, value in options.items())
    schema = f"({case['schema']})" if case["schema"] else ""
    names = [f"c{i}" for i in range(columns)]
    texts = ", ".join(f"CAST({n} AS STRING) AS {n}" for n in names)
    return [
        f"CREATE OR REPLACE TEMPORARY VIEW v {schema} USING {kind} OPTIONS ({listed})",
        f"SELECT {index} AS weft_case",
        f"CREATE OR REPLACE TEMPORARY VIEW q AS {case['query']}",
        "DESCRIBE q",
        f"CREATE OR REPLACE TEMPORARY VIEW q ({', '.join(names)}) AS {case['query']}",
        f"SELECT {texts} FROM q",
    ]


def run(weft, folder, sql):
    script = os.path.join(folder, "script.sql")
    with open(script, "w") as file:
        file.write(";\n".join(sql) + ";\n")
    command = [weft, "sql", "-S", "--format", "json", "-f", script]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )


def answers_of(output):
    """What one run printed, by the index of the case."""
    answers = {}
    now = None
    for line in output.splitlines():
        row = json.loads(line) if line.startswith("{") else {}
        if "weft_case" in row:
            now = answers.setdefault(row["weft_case"], {"types": [], "names": [], "rows": []})
        elif "col_name" in row:
            now["types"].append(row["data_type"])
            now["names"].append(row["col_name"])
        elif row:
            now["rows"].append([row.get(f"c{i}") for i in range(len(now["names"]))])
    return answers


def differences(want, got):
    """Two lines a difference: Spark's, then Weft's."""
    if not isinstance(want, dict) or not isinstance(got, dict):
        return [f"Spark {json.dumps(want)[:1000]}", f"Weft  {json.dumps(got)[:1000]}"]
    lines = []
    for key in ("types", "names"):
        if want[key] != got[key]:
            lines += [f"Spark {key} {want[key]}", f"Weft  {key} {got[key]}"]
    for row in range(max(len(want["rows"]), len(got["rows"]))):
        ours, theirs = got["rows"][row:row + 1], want["rows"][row:row + 1]
        if ours != theirs:
            lines += [f"Spark row {row} {theirs}", f"Weft  row {row} {ours}"]
    return lines


def compare(weft, cases, want, left_out, together):
    """together: as many cases that should succeed share a process; the first that fails ends it."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        good = [(i, case) for i, case in enumerate(cases) if want[case["name"]].get("names")]
        for index, case in enumerate(cases):
            asked = statements(case, folder, index, 1)[:4] + ["SELECT * FROM q"]
            if "error" in want[case["name"]] and run(weft, folder, asked).returncode == 0:
                wrong.append((case["name"], "an error", "none"))
        for begin in range(0, len(good), together):
            batch = []
            for index, case in good[begin:begin + together]:
                batch += statements(case, folder, index, len(want[case["name"]]["names"]))
            done = run(weft, folder, batch)
            got = answers_of(done.stdout)
            for index, case in good[begin:begin + together]:
                if done.returncode != 0 or got.get(index) != want[case["name"]]:
                    found = got.get(index) if done.returncode == 0 else done.stderr[-600:]
                    wrong.append((case["name"], want[case["name"]], found))
    for name, expected, found in wrong:
        print(name, *differences(expected, found), sep="\n  ")
    print(f"{len(cases)} cases, {len(wrong)} differ, {left_out} left out")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weft")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--random", choices=("csv", "json"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    args = parser.parse_args()
    if args.record:
        record()
        return 0
    if args.random:
        make = text_cases.csv_case if args.random == "csv" else text_cases.json_case
        cases = [make(seed) for seed in range(args.seed, args.seed + args.count)]
        return compare(args.weft, cases, ask_spark(cases), 0, 1)
    with open(ANSWERS) as file:
        want = json.load(file)
    cases = [case for case in CASES if case["name"] not in KNOWN]
    return compare(args.weft, cases, want, len(KNOWN), len(CASES))


if __name__ == "__main__":
    sys.exit(main())
