#!/usr/bin/env python3
"""EXPLAIN in Spark's form: headings, operators, what a run measured; it never runs what it explains."""

import os
import re
import shutil
import unittest

from cli_case import CliCase

VIEWS = (
    "create temporary view t as select * from values (1, 'a'), (2, 'b'), (3, 'b') as t(a, b);"
    "create temporary view u as select * from values (2, 'x') as u(a, c);"
)
QUERY = "select b, count(*) as n from t join u on t.a = u.a where t.a > 1 group by b order by n, b limit 3"


class Explain(CliCase):
    def explain(self, words, query=QUERY, *arguments):
        done = self.sql(f"{VIEWS} explain {words} {query}", "-S", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def headings(self, text):
        return re.findall(r"^== (.*) ==$", text, re.M)

    def test_the_physical_plan(self):
        text = self.explain("")
        self.assertEqual(self.headings(text), ["Physical Plan"])
        self.assertTrue(text.startswith("== Physical Plan ==\nAdaptivePlan isFinalPlan=false\n+- "), text)
        for part in (
            "TakeOrdered(limit=3, orderBy=[n#",
            "HashAggregate(keys=[b#",
            "functions=[count(1)])",
            "functions=[partial_count(1)])",
            "Exchange hashpartitioning(b#",
            "HashJoin [",
            "Inner, Build",
            "LocalTableScan",
        ):
            self.assertIn(part, text)

    def test_extended(self):
        text = self.explain("extended")
        plans = ["Parsed Logical Plan", "Analyzed Logical Plan", "Optimized Logical Plan", "Physical Plan"]
        self.assertEqual(self.headings(text), plans)
        self.assertIn("UnresolvedRelation t", text)
        self.assertIn("== Analyzed Logical Plan ==\nb: string, n: bigint\n", text)

    def test_formatted(self):
        text = self.explain("formatted")
        self.assertEqual(self.headings(text), ["Physical Plan"])
        tree, *sections = re.split(r"\n\n", text.strip())
        numbers = re.findall(r"\((\d+)\)$", tree, re.M)
        self.assertEqual(numbers, [str(n) for n in range(1, len(numbers) + 1)])
        self.assertEqual([re.match(r"\((\d+)\)", section).group(1) for section in sections], numbers)
        self.assertRegex(text, r"\(\d+\) HashAggregate\nInput \[\d+\]: \[.*\]\nOutput \[2\]: \[")

    def test_cost(self):
        text = self.explain("cost")
        self.assertEqual(self.headings(text), ["Optimized Logical Plan", "Physical Plan"])
        self.assertRegex(text, r"Statistics\(sizeInBytes=\d+ B, rowCount=\d+\)")

    def test_analyze(self):
        text = self.explain("analyze")
        self.assertEqual(self.headings(text), ["Physical Plan", "Stages"])
        self.assertIn("isFinalPlan=true", text)
        self.assertRegex(text, r"tasks=\d+ failed=0")
        for part in ("rows_out=", "time_ms=", "memory_bytes=", "spilled_bytes=", "attempts=1 failures=0"):
            self.assertIn(part, text)
        exchanged = [int(bytes_) for bytes_ in re.findall(r"exchanged (\d+) bytes \(remote 0\)", text)]
        read = [int(bytes_) for bytes_ in re.findall(r"exchange_bytes=(\d+) exchange_remote_bytes=0", text)]
        self.assertEqual(sum(exchanged), sum(read))
        self.assertGreater(sum(read), 0)

    def test_a_scan_and_its_filters(self):
        path = self.path("p")
        self.rows(f"insert overwrite directory '{path}' using parquet select 1 as a, 'x' as b")
        text = self.explain("", f"select b from parquet.`{path}` where a > 0")
        location = r"FileScan parquet \[.*\] Location: " + path
        self.assertRegex(text, location + r", PushedFilters: \[.*a#\d+ > 0")
        text = self.explain("analyze", f"select b from parquet.`{path}` where a > 0")
        self.assertRegex(text, r"read_rows=\d+ read_bytes=\d+ row_groups=1")

    def test_a_write_is_not_run(self):
        path = self.path("never")
        text = self.explain("", f"insert overwrite directory '{path}' using parquet select a from t")
        self.assertIn(path, text)
        self.assertFalse(os.path.exists(path))

    def test_rows_in_other_formats(self):
        text = self.explain("", "select 1 as a", "--format", "csv")
        self.assertTrue(text.startswith("plan\n== Physical Plan ==\n"), text)

    def test_errors_of_the_query_come_first(self):
        wrong = "select nope from values (1) as t(a)"
        self.fails(self.sql("explain analyze " + wrong, "-S"), 1, "[UNRESOLVED_COLUMN")
        self.fails(self.sql("explain validate " + wrong, "-S"), 1, "[UNRESOLVED_COLUMN")
        self.fails(self.sql("explain select 1 from t where (", "-S"), 1, "[PARSE_SYNTAX_ERROR]")

    def test_the_error_of_a_query_is_its_plan(self):
        """As in Spark."""
        wrong = "select nope from values (1) as t(a)"
        lines = self.sql("explain " + wrong, "-S").stdout.splitlines()
        self.assertEqual(lines[0].strip(), "Error occurred during query planning:")
        self.assertIn("[UNRESOLVED_COLUMN.WITH_SUGGESTION]", lines[1])
        shown = self.sql("explain extended " + wrong, "-S").stdout
        self.assertIn("== Parsed Logical Plan ==", shown)
        self.assertIn("== Analyzed Logical Plan ==\n[UNRESOLVED_COLUMN.WITH_SUGGESTION]", shown)

    def test_no_code_is_generated(self):
        shown = self.sql("explain codegen select 1", "-S").stdout
        self.assertEqual(shown.strip(), "Found 0 WholeStageCodegen subtrees.")

    def test_hints_of_joins(self):
        pair = "count(*) from t join u on t.a = u.a"
        for hint, part in (
            ("broadcast(t)", "BroadcastHashJoin [a#1], [a#3], Inner, BuildLeft"),
            ("shuffle_hash(u)", "ShuffledHashJoin [a#1], [a#3], Inner, BuildRight"),
            ("merge(t, u)", "ShuffledHashJoin ["),
            ("shuffle_replicate_nl(t)", "CartesianProduct Inner, BuildRight, (a#1 = a#3)"),
        ):
            self.assertIn(part, self.explain("", f"select /*+ {hint} */ {pair}"))
        text = self.explain("extended", f"select /*+ broadcast(u) */ {pair}")
        self.assertIn("rightHint=(strategy=broadcast)", text)
        done = self.sql(f"{VIEWS} select /*+ broadcast(nosuch), nosuch(t) */ {pair}", "-S", "--format", "csv")
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["count(1)", "1"]))
        self.assertRegex(done.stderr, r"WARN hint_relation_not_found hint=broadcast relation=nosuch\n")
        self.assertRegex(done.stderr, r"WARN hint_unknown hint=nosuch\n")

    def test_hints_of_partitions(self):
        folder = self.path("hints")
        for hint, part, files in (
            ("repartition(3)", "Exchange RoundRobinPartitioning(3), REPARTITION_BY_NUM", 3),
            ("repartition(5, id)", "Exchange hashpartitioning(id#1, 5), REPARTITION_BY_NUM", 5),
            ("coalesce(2), repartition(7, id)", "Coalesce 2", 2),
            ("rebalance(id)", "Exchange hashpartitioning(id#1), REBALANCE_PARTITIONS_BY_COL", 1),
        ):
            query = f"select /*+ {hint} */ id from range(1000)"
            self.assertIn(part, self.explain("", query))
            path = os.path.join(folder, hint.replace(" ", "_"))
            done = self.sql(f"insert overwrite directory '{path}' using parquet {query}", "-S")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(sum(name.endswith(".parquet") for name in os.listdir(path)), files, hint)

    def test_where_rows_go(self):
        table = "values (1, 2) as t(a, b)"
        for clause, part in (
            ("distribute by a", "Exchange hashpartitioning(a#1), REPARTITION_BY_COL\n"),
            ("distribute by a sort by b desc", ", REPARTITION_BY_COL, Sort [b#2 DESC NULLS LAST], false"),
            ("cluster by b", "(b#2), REPARTITION_BY_COL, Sort [b#2 ASC NULLS FIRST], false"),
            ("sort by b", "Sort [b#2 ASC NULLS FIRST], true"),
        ):
            self.assertIn(part, self.explain("", f"select * from {table} {clause}"))

    def test_buckets(self):
        made = "create table {} (k int) using parquet clustered by (k) into 4 buckets; "
        made += "explain select k from {} where {}"
        for i, (where, part) in enumerate(
            (
                ("k = 3", ", SelectedBucketsCount: 1 out of 4\n"),
                ("k in (3, 4) and k > 0", ", SelectedBucketsCount: 2 out of 4\n"),
                ("k > 3", ", PushedFilters: [(k#1 > 3)]\n"),
            )
        ):
            done = self.sql(made.format(f"b{i}", f"b{i}", where), "-S")
            self.assertIn(part, done.stdout, done.stderr)

    def test_joins_and_groups_by_buckets(self):
        made = "".join(
            f"create table {name} (k int, v int) using parquet clustered by (k) into {count} buckets;"
            for name, count in (("a", 4), ("b", 4), ("c", 8))
        )
        never = "spark.sql.autoBroadcastJoinThreshold=-1"
        fewer = "spark.sql.bucketing.coalesceBucketsInJoin.enabled=true"
        off = "spark.sql.sources.bucketing.enabled=false"
        read = "Bucketed: true, PushedFilters: [], SelectedBucketsCount: "
        grouped = "select a.k, count(*) from a join {} x on a.k = x.k group by a.k"
        for settings, query, exchanges, parts in (
            ((never,), grouped.format("b"), 0, (", Inner, BuildRight, Buckets: 4\n", read + "4 out of 4\n")),
            ((never, off), grouped.format("b"), 1, (", Inner, BuildRight\n",)),
            ((), grouped.format("b"), 1, (", Inner, BuildRight\n",)),  # one so small is shared
            ((never,), grouped.format("c"), 1, (", Inner, BuildRight\n",)),
            ((never, fewer), grouped.format("c"), 0, (read + "8 out of 8 (Coalesced to 4)\n",)),
            ((), "select k, v, count(*) from a group by v, k", 0, (read + "4 out of 4\n",)),
            ((), "select distinct v from a", 1, ()),
            ((), "select sum(v) over (partition by k) from a", 0, (read + "4 out of 4\n",)),
            ((), "select k + 1, count(*) from a group by k + 1", 1, ()),
        ):
            words = [word for setting in settings for word in ("--conf", setting)]
            shutil.rmtree(self.path("weft-warehouse"), ignore_errors=True)
            done = self.sql(f"{made} explain {query}", "-S", *words)
            self.assertEqual(done.stdout.count("Exchange"), exchanges, done.stdout + done.stderr)
            self.assertEqual("Bucketed: true" in done.stdout, exchanges == 0, done.stdout)
            for part in parts:
                self.assertIn(part, done.stdout)

    def test_fields_that_are_read(self):
        made = "create table t using parquet as select id, named_struct('a', id, 'b', named_struct("
        made += "'x', id, 'y', 'z')) as s, array(named_struct('p', id, 'q', 'r')) as r from range(3); "
        made += "explain "
        off = ("--conf", "spark.sql.optimizer.nestedSchemaPruning.enabled=false")
        for query, read, words in (
            ("select s.a from t", "s:struct<a:bigint>", ()),
            ("select s.b.y from t where s.a > 1", "s:struct<a:bigint,b:struct<y:string>>", ()),
            ("select id from t where s is not null", "s:struct<a:bigint>", ()),
            ("select 1 from t where s.b is null", "s:struct<b:struct<x:bigint>>", ()),
            ("select r.q from t", "r:array<struct<q:string>>", ()),
            ("select s.a, r.p from t", "s:struct<a:bigint>,r:array<struct<p:bigint>>", ()),
            ("select s.a, s from t", None, ()),
            ("select s.a, count(*) from t group by s.a, s", None, ()),
            ("select to_json(s) from t where s.a = 1", None, ()),
            ("select id from t", None, ()),
            ("select s.a from t", None, off),
        ):
            shutil.rmtree(self.path("weft-warehouse"), ignore_errors=True)
            done = self.sql(made + query, "-S", *words)
            found = re.search(r", ReadSchema: (.*)\n", done.stdout)
            self.assertEqual(found and found.group(1), read, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
