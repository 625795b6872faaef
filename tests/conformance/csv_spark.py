#!/usr/bin/env python3
"""CSV as Spark reads it: the cases of csv_cases.py against Spark's recorded answers (csv_answers.json).

    csv_spark.py --weft build/release/weft     compare
    csv_spark.py --record                      ask Spark anew (PySpark 4 and Java 17)

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
from csv_cases import CASES  # noqa: E402

# What is known to differ, and why (docs/formats.md).
KNOWN = {
    "multi_multi": "line ends of two kinds in one file",
    "multi_crlf": "\\r\\n in a quoted value that the end of the file ends",
    "infer_time": "a time of day alone is a timestamp of today",
    "mode_permissive": "a time of day alone is a timestamp of today",
    "corrupt": "a time of day alone is a timestamp of today",
}


def record():
    import spark_sql

    with tempfile.TemporaryDirectory() as scratch:
        spark = spark_sql.open_session(scratch)
        answers = {}
        for case in CASES:
            path = os.path.join(scratch, case["name"] + ".csv")
            with open(path, "wb") as file:
                file.write(case["data"])
            try:
                reader = spark.read.options(**case["options"])
                if case["schema"]:
                    reader = reader.schema(case["schema"])
                reader.csv(path).createOrReplaceTempView("v")
                query = spark.sql(case["query"])
                names = [f"c{i}" for i in range(len(query.columns))]
                texts = query.toDF(*names).selectExpr(*[f"CAST({n} AS STRING) {n}" for n in names])
                answers[case["name"]] = {
                    "types": [kind for _, kind in query.dtypes],
                    "names": query.columns,
                    "rows": [list(row) for row in texts.collect()],
                }
            except Exception:  # whatever it says: it is an error
                answers[case["name"]] = {"error": True}
        spark.stop()
    with open(ANSWERS, "w") as file:
        file.write("{\n")
        file.write(",\n".join(f"{json.dumps(n)}: {json.dumps(a)}" for n, a in answers.items()))
        file.write("\n}\n")


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def statements(case, folder, index, columns):
    path = os.path.join(folder, case["name"] + ".csv")
    with open(path, "wb") as file:
        file.write(case["data"])
    options = {"path": path, **case["options"]}
    listed = ", ".join(f"`{key}` {quoted(value)}" for key, value in options.items())
    schema = f"({case['schema']})" if case["schema"] else ""
    names = [f"c{i}" for i in range(columns)]
    texts = ", ".join(f"CAST({n} AS STRING) AS {n}" for n in names)
    return [
        f"CREATE OR REPLACE TEMPORARY VIEW v {schema} USING csv OPTIONS ({listed})",
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
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


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


def compare(weft):
    with open(ANSWERS) as file:
        want = json.load(file)
    cases = [case for case in CASES if case["name"] not in KNOWN]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        batch = []
        for index, case in enumerate(cases):
            answer = want[case["name"]]
            if "error" not in answer:
                batch += statements(case, folder, index, len(answer["names"]))
            else:
                asked = statements(case, folder, index, 1)[:4] + ["SELECT * FROM q"]
                if run(weft, folder, asked).returncode == 0:
                    wrong.append((case["name"], "an error", "none"))
        done = run(weft, folder, batch)
        got = answers_of(done.stdout)
        if done.returncode != 0:
            print(done.stderr[-2000:])
        for index, case in enumerate(cases):
            if "error" not in want[case["name"]] and got.get(index) != want[case["name"]]:
                wrong.append((case["name"], want[case["name"]], got.get(index)))
    for name, expected, found in wrong:
        print(f"{name}\n  Spark {json.dumps(expected)[:1000]}\n  Weft  {json.dumps(found)[:1000]}")
    print(f"{len(cases)} cases, {len(wrong)} differ, {len(KNOWN)} left out")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weft")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    if args.record:
        record()
        return 0
    return compare(args.weft)


if __name__ == "__main__":
    sys.exit(main())
