#!/usr/bin/env python3
"""What the writers of CSV, JSON and text write, byte by byte as Spark does: recorded in text_writes.json.

    text_writes.py --weft build/release/weft     compare
    text_writes.py --record                      ask Spark anew (PySpark 4 and Java 17)

Each case is a query (VALUES, so one task and one file), a format and options. Where Spark fails, Weft
must."""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ANSWERS = os.path.join(HERE, "text_writes.json")
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)


def is_known(one):
    """What is known to differ (docs/formats.md): more encodings, line ends that begin with a letter."""
    options = one[2]
    return options.get("encoding") == "windows-1252" or options.get("lineSep") == "ab"


TEXTS = [
    "plain",
    "a,b",
    'say "hi"',
    '"',
    '""',
    "a\\b",
    "\\",
    '\\"',
    '"quoted"',
    " led and trailed ",
    "\ttab\t",
    "two\nlines",
    "cr\rlf\r\n",
    "#comment",
    "'single'",
    "",
    None,
    "null",
    "NA",
    "caf\u00e9 \u20ac \U0001f600",
    "a;b|c",
    "||",
    "\u0001\u007f",
    "/slash/",
    "=1+1",
]


def literal(text):
    if text is None:
        return "CAST(NULL AS STRING)"
    parts = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u0001": "\\u0001"}
    return "'" + "".join(parts.get(c, c) for c in text) + "'"


STRINGS = (
    "SELECT * FROM VALUES " + ", ".join(f"({literal(t)}, {i})" for i, t in enumerate(TEXTS)) + " AS t(s, n)"
)
LONE = "SELECT * FROM VALUES " + ", ".join(f"({literal(t)})" for t in TEXTS) + " AS t(value)"
TYPES = (
    "SELECT * FROM VALUES (true, 1Y, 2S, 3, 4L, 1.5F, -0.0D, 12.340BD, DATE '2024-02-29', "
    "TIMESTAMP '2024-02-29 12:34:56.789', TIMESTAMP_NTZ '0001-01-01 00:00:00'), "
    "(false, -128Y, 0S, -1, 9223372036854775807L, CAST('NaN' AS FLOAT), CAST('Infinity' AS DOUBLE), 0.000BD, "
    "DATE '0001-01-01', TIMESTAMP '1899-12-31 23:59:59.000001', TIMESTAMP_NTZ '2024-01-01 00:00:00.5'), "
    "(NULL, NULL, NULL, NULL, NULL, 1.0E10F, 1.0E-5D, NULL, NULL, NULL, NULL) "
    "AS t(b, y, s, i, l, f, d, c, day, ts, ntz)"
)
NESTED = (
    "SELECT * FROM VALUES (named_struct('a', 1, 'b', CAST(NULL AS STRING)), array(1, NULL, 3), "
    "map('k', 1.5D, 'l', NULL), "
    "array(named_struct('x', DATE '2024-01-01', 'y', TIMESTAMP '2024-01-01 00:00:00')), X'00ff10'), "
    "(NULL, NULL, NULL, NULL, NULL), (named_struct('a', NULL, 'b', 'q\"'), array(), map(), array(NULL), X'') "
    "AS t(st, ar, mp, ls, bin)"
)
EMPTY = "SELECT 1 AS a, 'x' AS b WHERE 1 = 0"

CASES = []


def case(form, query, **options):
    CASES.append((form, query, options))


for header in ("false", "true"):
    case("csv", STRINGS, header=header)
    case("csv", TYPES, header=header)
    case("csv", EMPTY, header=header)
for sep in (";", "|", "||", "\\t", " "):
    case("csv", STRINGS, sep=sep)
for quote in ("'", "", "|"):
    for escape in ("\\", '"', "'"):
        for every in ("false", "true"):
            case("csv", STRINGS, quote=quote, escape=escape, quoteAll=every)
for escaped in ("false", "true"):
    for every in ("false", "true"):
        for trim in ("false", "true"):
            case("csv", STRINGS, escapeQuotes=escaped, quoteAll=every, ignoreLeadingWhiteSpace=trim)
            case(
                "csv",
                STRINGS,
                escapeQuotes=escaped,
                quoteAll=every,
                ignoreTrailingWhiteSpace=trim,
                escape='"',
            )
for null in ("NA", "\\N", "", '"', "a,b"):
    for empty in (None, "", "NA", "(empty)"):
        case("csv", STRINGS, nullValue=null, **({} if empty is None else {"emptyValue": empty}))
for more in ("\\", '"', "x"):
    case("csv", STRINGS, charToEscapeQuoteEscaping=more)
    case("csv", STRINGS, charToEscapeQuoteEscaping=more, escape="x")
for comment in ("#", "p", ""):
    case("csv", STRINGS, comment=comment)
    case("csv", STRINGS, comment=comment, quoteAll="true")
for end in ("\\r\\n".encode().decode("unicode_escape"), "\r", ";", "ab"):
    case("csv", STRINGS, lineSep=end)
    case("json", STRINGS, lineSep=end)
    case("text", LONE, lineSep=end)
for form in ("csv", "json"):
    case(
        form,
        TYPES,
        dateFormat="dd/MM/yyyy",
        timestampFormat="yyyy/MM/dd HH:mm",
        timestampNTZFormat="EEE d MMM uuuu",
    )
    case(form, TYPES, timestampFormat="yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", timeZone="Asia/Kolkata")
    case(form, TYPES, timeZone="America/New_York")
    case(form, TYPES, dateFormat="G yyyy QQQ 'week' e")
    case(form, TYPES, dateFormat="MMMM EEEE", locale="en-US")
    for code in ("ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32", "US-ASCII", "windows-1252",
                 "UTF-8"):
        case(form, STRINGS, encoding=code)
    case(form, STRINGS, encoding="UTF-16", lineSep="|", header="true", compression="gzip")
    case(form, STRINGS, compression="gzip")
    case(form, NESTED)
case("json", STRINGS)
case("json", TYPES)
case("json", EMPTY)
case("json", NESTED, ignoreNullFields="false")
case("json", TYPES, ignoreNullFields="false")
case("json", STRINGS, writeNonAsciiCharacterAsCodePoint="true")
case("json", STRINGS, pretty="true")
case("json", NESTED, pretty="true", ignoreNullFields="false")
case("text", LONE)
case("text", LONE, compression="gzip")
case("text", LONE, encoding="ISO-8859-1")
for code in ("UTF-16", "UTF-16LE", "ISO-8859-1"):
    case("text", LONE, encoding=code, lineSep="|")
case("text", STRINGS)
case("text", "SELECT 1 AS value")


def written(folder):
    """The bytes of the data files, in the order of their names, as text that JSON takes."""
    data = b""
    for path in sorted(pathlib.Path(folder).glob("part-*")):
        raw = path.read_bytes()
        data += gzip.decompress(raw) if path.suffix == ".gz" else raw
    return data.decode("latin-1")


def key(form, query, options):
    names = {STRINGS: "texts", LONE: "text", TYPES: "types", NESTED: "nested", EMPTY: "none"}
    return f"{form} {names.get(query, query)} {json.dumps(options, sort_keys=True)}"


def record():
    import spark_sql

    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        spark = spark_sql.open_session(scratch)
        for number, (form, query, options) in enumerate(CASES):
            folder = os.path.join(scratch, str(number))
            try:
                spark.sql(query).coalesce(1).write.options(**options).format(form).save(folder)
                answers[key(form, query, options)] = written(folder)
            except Exception:  # whatever it says: it is an error
                answers[key(form, query, options)] = None
        spark.stop()
    with open(ANSWERS, "w", encoding="utf-8") as file:
        file.write(
            "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in answers.items()) + "\n}\n"
        )


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def statement(folder, form, query, options):
    listed = ", ".join(f"{name} {quoted(value)}" for name, value in options.items())
    options = f"OPTIONS ({listed})" if listed else ""
    return f"INSERT OVERWRITE DIRECTORY '{folder}' USING {form} {options} {query}"


def run(weft, scratch, statements):
    script = os.path.join(scratch, "script.sql")
    pathlib.Path(script).write_text(";\n".join(statements) + ";\n", encoding="utf-8")
    conf = ["--conf", "spark.sql.session.timeZone=UTC"]
    command = [weft, "sql", "-S", "-f", script, "--master", "local[1]", *conf]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def compare(weft):
    with open(ANSWERS, encoding="utf-8") as file:
        want = json.load(file)
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        cases = [(n, c) for n, c in enumerate(CASES) if not is_known(c)]
        good = [(n, c) for n, c in cases if want[key(*c)] is not None]
        done = run(weft, scratch, [statement(os.path.join(scratch, str(n)), *c) for n, c in good])
        if done.returncode != 0:
            print(done.stderr[-1000:])
        for number, one in cases:
            name, folder = key(*one), os.path.join(scratch, str(number))
            if want[name] is None:
                got = None if run(weft, scratch, [statement(folder, *one)]).returncode else written(folder)
            else:
                got = written(folder)
            if got != want[name]:
                wrong += 1
                print(f"{name}\n  Spark {json.dumps(want[name])[:1500]}\n  Weft  {json.dumps(got)[:1500]}")
    print(f"{len(cases)} cases, {wrong} differ, {len(CASES) - len(cases)} left out")
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
