#!/usr/bin/env python3
"""Random queries: weft's rows against DuckDB's, under the settings of tests/sql/configs.txt.

    random_queries.py [--count 1000] [--seed 1] [--config all] [--weft PATH]
    random_queries.py --seed 417 --count 1 --show       the query of one seed
    random_queries.py --recorded                        against random_answers.txt, without DuckDB
    random_queries.py --record                          write them anew, after a change of the generator

Small tables with NULLs, duplicates, decimals, dates and strings lie in several Parquet files. All queries
run in few processes of weft. A query that fails is shrunk to a simpler one that fails too. Exit code 1 when
any fails."""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sql"))
import random_query  # noqa: E402
import run  # noqa: E402
import weft_cli  # noqa: E402

RECORDED = os.path.join(HERE, "random_answers.txt")
UNSUPPORTED_PERCENT = 3  # of the queries may be refused as not supported


def write_tables(weft, folder):
    """The tables as Parquet files that weft writes; the statements that name them."""
    statements, views = [], []
    places = ", ".join(f"p{n}" for n in range(len(random_query.COLUMNS)))
    for table in random_query.TABLES:
        types = [kind.replace("VARCHAR", "STRING") for _, _, kind in random_query.COLUMNS]
        casts = ", ".join(
            f"CAST(p{n} AS {kind}) AS {random_query.COLUMNS[n][0]}" for n, kind in enumerate(types)
        )
        rows = random_query.table_rows(table, 1) or [("NULL",) * len(types)]
        only = "" if random_query.TABLES[table] else " WHERE false"
        for part in range(3 if len(rows) > 20 else 1):  # several files, so that there are several tasks
            some = ", ".join(f"({', '.join(row)})" for row in (rows[part::3] if len(rows) > 20 else rows))
            values = f"SELECT {casts} FROM VALUES {some} AS r({places}){only}"
            statements.append(f"INSERT OVERWRITE DIRECTORY '{folder}/{table}{part}' USING parquet {values}")
        views.append(f"CREATE TEMPORARY VIEW {table} USING parquet OPTIONS (path '{folder}/{table}*')")
    called = weft_cli.run_statements(weft, statements, ["-S"], folder, 120)
    if called.code != 0:
        raise SystemExit(f"weft cannot write the tables: {called.message}")
    return views


class Peer:
    """DuckDB with the tables."""

    def __init__(self):
        import duckdb

        self.error = duckdb.Error
        self.connection = duckdb.connect()
        self.connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'; SET threads = 1")
        for table in random_query.TABLES:
            columns = ", ".join(f"{name} {kind}" for name, _, kind in random_query.COLUMNS)
            self.connection.execute(f"CREATE TABLE {table} ({columns})")
            for row in random_query.table_rows(table, 1):
                self.connection.execute(f"INSERT INTO {table} VALUES ({', '.join(row)})")

    def rows(self, text):
        """The rows, or None when DuckDB refuses the query."""
        try:
            return self.connection.execute(text).fetchall()
        except self.error:
            return None


def kind_of(values):
    """How a column of DuckDB's values is compared: n number, f double, s text."""
    for value in values:
        if isinstance(value, float):
            return "f"
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return "n"
        if value is not None:
            return "s"
    return "s"


def canonical(value, kind):
    """One text for equal values of DuckDB (Python) and weft (text); NULL is None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if kind == "f":
        return f"{float(value) + 0.0:.9g}"
    if kind == "n":
        number = Decimal(value)
        return f"{number.normalize() if number else 0:f}"
    return str(value)


def canonical_rows(text, kinds, rows):
    """Rows as canonical texts, sorted unless the query decides their order."""
    result = [tuple(canonical(value, kind) for value, kind in zip(row, kinds)) for row in rows]
    if " ORDER BY c0" in text[text.rfind(")") + 1 :] and not text.startswith("("):
        return result
    return sorted(result, key=lambda row: [(value is not None, value or "") for value in row])


@dataclass
class Answer:
    """What DuckDB says: the rows, or only their digest."""

    text: str
    kinds: str
    digest: str
    rows: list = None

    @classmethod
    def of(cls, text, rows):
        kinds = "".join(kind_of(column) for column in zip(*rows))
        answer = cls(text, kinds, "", canonical_rows(text, kinds, rows))
        answer.digest = digest_of(answer.rows)
        return answer

    def difference(self, rows):
        """None, or what differs. rows: of weft, the header first."""
        try:
            actual = canonical_rows(self.text, self.kinds or "s" * 99, rows[1:])
        except (ValueError, ArithmeticError) as error:
            return f"a value of another type: {error}"
        if digest_of(actual) == self.digest:
            return None
        if self.rows is None:
            return f"other rows than recorded: {len(actual)} came"
        if len(actual) != len(self.rows):
            return f"{len(self.rows)} rows expected, {len(actual)} came"
        for want, have in zip(self.rows, actual):
            if want != have:
                return f"expected {want}\n         came     {have}"
        return "other rows"


def digest_of(rows):
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


class Runner:
    def __init__(self, weft, views, peer, conf, scratch):
        self.weft, self.views, self.peer, self.scratch = weft, views, peer, scratch
        self.arguments = ["-S", "--master", "local[2]"]
        for setting in conf:
            self.arguments += ["--conf", setting]

    def call(self, texts):
        called = weft_cli.run_statements(self.weft, self.views + texts, self.arguments, self.scratch, 120)
        return called, called.rows[len(self.views) :]

    def run(self, queries):
        """Yield (index, problem) of each answer that weft does not give."""
        at = 0
        while at < len(queries):
            called, parts = self.call([answer.text for answer in queries[at:]])
            for answer, rows in zip(queries[at:], parts):
                problem = answer.difference(rows)
                if problem:
                    yield at, problem
                at += 1
            if at < len(queries):
                yield at, called.message or f"exit code {called.code}"
                at += 1

    def fails(self, text):
        expected = self.peer.rows(text)
        if expected is None:
            return False
        called, parts = self.call([text])
        if not parts:
            return "UNSUPPORTED" not in called.message
        return Answer.of(text, expected).difference(parts[0]) is not None


def read_recorded(seeds, made):
    """Answers from the file of digests: a line is seed, kinds of the columns, digests of text and rows."""
    answers = {}
    with open(RECORDED, encoding="utf-8") as file:
        recorded = {int(words[0]): words[1:] for words in (line.split() for line in file)}
    for seed, (text, choices) in zip(seeds, made):
        kinds, of_text, of_rows = recorded.get(seed, (None, None, None))
        if of_text != digest_of(text):
            raise SystemExit(f"seed {seed} makes another query than the recorded one: run --record again")
        answers[seed] = Answer(text, kinds.strip("-"), of_rows), choices
    return answers


def ask_peer(peer, seeds, made):
    answers, began = {}, time.monotonic()
    for seed, (text, choices) in zip(seeds, made):
        rows = peer.rows(text)
        if rows is not None:
            answers[seed] = Answer.of(text, rows), choices
    took = time.monotonic() - began
    print(f"DuckDB answered {len(answers)} queries in {took:.1f} s, refused {len(made) - len(answers)}")
    return answers


def check(runner, name, answers, report):
    """The number of failures under one configuration."""
    failed = unsupported = 0
    start, seeds = time.monotonic(), list(answers)
    for index, problem in runner.run([answer for answer, _ in answers.values()]):
        if "[UNSUPPORTED" in problem:
            unsupported += 1
            continue
        failed += 1
        if failed > report:
            continue
        answer, choices = answers[seeds[index]]
        print(f"FAIL seed {seeds[index]} under {name}: {problem}\n  {answer.text}")
        print(f"  replay: random_queries.py --seed {seeds[index]} --count 1 --config {name}")
        if runner.peer is not None:
            print(f"  shrunk: {random_query.shrink(choices, runner.fails)}", flush=True)
    took = time.monotonic() - start
    print(f"{name}: {len(answers)} queries in {took:.1f} s, {failed} failed, {unsupported} not supported")
    if unsupported * 100 > UNSUPPORTED_PERCENT * len(answers):
        failed += 1
        print(f"FAIL more than {UNSUPPORTED_PERCENT} % of the queries are not supported")
    return failed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weft", default=os.environ.get("WEFT", "build/release/weft"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first query; the others follow")
    parser.add_argument("--config", default="default", help="a line of configs.txt, or 'all'")
    parser.add_argument("--show", action="store_true", help="print the queries and run nothing")
    parser.add_argument(
        "--record", action="store_true", help="write digests of DuckDB's answers, run nothing"
    )
    parser.add_argument("--recorded", action="store_true", help="compare with the digests, without DuckDB")
    parser.add_argument("--report", type=int, default=5, help="show at most so many failures")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.count)
    made = [random_query.make(seed=seed) for seed in seeds]
    if options.show:
        print(*(text for text, _ in made), sep="\n")
        return 0
    peer = None if options.recorded else Peer()
    answers = read_recorded(seeds, made) if options.recorded else ask_peer(peer, seeds, made)
    if options.record:
        with open(RECORDED, "w", encoding="utf-8") as file:
            for seed, (answer, _) in answers.items():
                file.write(f"{seed} {answer.kinds or '-'} {digest_of(answer.text)} {answer.digest}\n")
        return 0
    configs, failed, weft = run.read_configs(), 0, os.path.abspath(options.weft)
    with tempfile.TemporaryDirectory(prefix="weft-random-") as scratch:
        views = write_tables(weft, scratch)
        for name in configs if options.config == "all" else [options.config]:
            failed += check(Runner(weft, views, peer, configs[name], scratch), name, answers, options.report)
    print(f"random queries: {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
