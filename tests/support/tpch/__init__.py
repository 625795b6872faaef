"""TPC-H: tables, the 22 queries with their validation parameters, and their answers in Spark's types.

A data folder holds <table>.parquet for each table: a file, or a folder of files."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
QUERIES = tuple(range(1, 23))

# One word a column of the answer: s text, l whole number, d date, a digit: decimal of that scale in Spark.
_ANSWER = {
    1: "s s 2 2 4 6 6 6 6 l",
    2: "2 s s l s s s s",
    3: "l 4 d l",
    4: "s l",
    5: "s 4",
    6: "4",
    7: "s s l 4",
    8: "l 6",
    9: "s l 4",
    10: "l s 4 2 s s s s",
    11: "l 2",
    12: "s l l",
    13: "l l",
    14: "6",
    15: "l s s s 4",
    16: "s s l l",
    17: "6",
    18: "s l l d 2 2",
    19: "4",
    20: "s s",
    21: "s l",
    22: "s l 2",
}
# Positions of the ORDER BY columns in the answer; rows that are equal in them may come in any order.
_ORDER = {
    1: (0, 1),
    2: (0, 2, 1, 3),
    3: (1, 2),
    4: (0,),
    5: (1,),
    6: (),
    7: (0, 1, 2),
    8: (0,),
    9: (0, 1),
    10: (2,),
    11: (1,),
    12: (0,),
    13: (1, 0),
    14: (),
    15: (0,),
    16: (3, 0, 1, 2),
    17: (),
    18: (4, 3),
    19: (),
    20: (0,),
    21: (1, 0),
    22: (0,),
}


def answer_kinds(query):
    return _ANSWER[query].split()


def answer_order(query):
    return _ORDER[query]


def query_text(query, scale=1.0):
    """The SQL text, without a closing semicolon. Only query 11 depends on the scale factor."""
    with open(os.path.join(HERE, "queries", f"q{query:02}.sql"), encoding="utf-8") as file:
        text = file.read().strip()
    if query == 11 and scale != 1:
        text = text.replace(" * 0.0001\n", f" * {0.0001 / scale:.10f}".rstrip("0") + "\n")
    return text


def view_statements(data):
    """CREATE TEMPORARY VIEW for each table of the data folder."""
    with open(os.path.join(HERE, "views.sql"), encoding="utf-8") as file:
        text = file.read().replace("${DATA}", os.path.abspath(data))
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def table_glob(data, table):
    """The table's path as other engines want it: a file, or a pattern for the files of a folder."""
    path = os.path.join(os.path.abspath(data), f"{table}.parquet")
    return os.path.join(path, "*.parquet") if os.path.isdir(path) else path


def parse_queries(text):
    """'1,5-7' -> [1, 5, 6, 7]; '' or 'all' -> all."""
    if text in ("", "all"):
        return list(QUERIES)
    found = []
    for part in text.split(","):
        low, _, high = part.strip().removeprefix("q").partition("-")
        found += range(int(low), int(high.removeprefix("q") or low) + 1)
    if not set(found) <= set(QUERIES):
        raise ValueError(f"queries are 1 to 22, not {text}")
    return found
