#!/usr/bin/env python3
"""Huge statements: the right answer, or an error that tells the limit; never a dead or endless process."""

import os
import sys
import unittest

from cli_case import HERE, CliCase

sys.path.insert(0, os.path.join(HERE, "..", "support"))
import huge_sql


class Huge(CliCase):
    def run_text(self, text, *arguments):
        path = self.write("huge.sql", text)
        return self.run_weft("sql", "-S", "--format", "csv", "-f", path, *arguments, timeout=120)

    def gives(self, kind, count, table):
        form, answer = table[kind]
        with self.subTest(kind=kind, count=count):
            done = self.run_text(form(count))
            self.assertEqual(done.returncode, 0, done.stderr[:1000])
            self.assertEqual(done.stdout.splitlines()[1:], [answer(count)])

    def test_chains_and_lists(self):
        for kind in huge_sql.WIDE:
            self.gives(kind, 10, huge_sql.WIDE)
            self.gives(kind, 2000, huge_sql.WIDE)

    def test_many_columns_branches_joins(self):
        counts = {"columns": 3000, "order": 1000, "ctes": 500, "joins": 60, "scalars": 100, "doubling": 60}
        for kind in huge_sql.PLANS:
            self.gives(kind, 10, huge_sql.PLANS)
            self.gives(kind, counts.get(kind, 500), huge_sql.PLANS)

    def test_a_million_items(self):
        self.gives("in", 1000000, huge_sql.WIDE)

    def test_deep_nesting(self):
        for kind, form in huge_sql.DEEP.items():
            with self.subTest(kind=kind):
                self.assertEqual(self.run_text(form(100)).returncode, 0)
                self.fails(
                    self.run_text(form(100000)), 1, "[FAILED_TO_PARSE_TOO_COMPLEX]", "54001", "1200 levels"
                )

    def test_a_thousand_parentheses(self):
        done = self.run_text(huge_sql.DEEP["parentheses"](1000))
        self.assertEqual(done.stdout, "1\n1\n")

    def test_an_expression_that_views_and_types_make_too_high(self):
        text = "SELECT a" + " + 1.5 + a" * 3000 + " FROM (VALUES (1)) t(a)"
        self.fails(self.run_text(text), 1, "[FAILED_TO_PARSE_TOO_COMPLEX]", "4800 levels")

    def test_too_many_columns(self):
        text = huge_sql.PLANS["columns"][0](20000)
        self.fails(self.run_text(text), 1, "[PROGRAM_LIMIT_EXCEEDED]", "20000 columns", "at most 16384")

    def test_little_memory(self):
        done = self.run_text(huge_sql.WIDE["in"][0](1000000), "--memory", "32m")
        self.fails(done, 1, "[OUT_OF_MEMORY]", "statement", "53200")

    def test_garbage(self):
        self.fails(self.run_text("SELECT x y z ) ( , . 'q' ;" * 100000), 1, "[PARSE_SYNTAX_ERROR]", "'z'")


if __name__ == "__main__":
    unittest.main()
