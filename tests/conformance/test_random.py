#!/usr/bin/env python3
"""The random queries' own tests: the comparison sees a wrong value, shrinking keeps what fails."""

import os
import sys
import unittest
from decimal import Decimal

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_queries  # noqa: E402
import random_query  # noqa: E402


class Compare(unittest.TestCase):
    ROWS = [(1, Decimal("2.50"), "a", None, True, 0.5), (2, None, "", None, False, 1 / 3)]
    TEXT = [["1", "2.5", "a", None, "true", "0.5"], ["2", None, "", None, "false", "0.3333333333333333"]]

    def answer(self, text="SELECT"):
        return random_queries.Answer.of(text, self.ROWS)

    def test_equal(self):
        self.assertIsNone(self.answer().difference([["header"], *self.TEXT]))
        self.assertIsNone(self.answer().difference([["header"], *reversed(self.TEXT)]))

    def test_every_wrong_value_is_seen(self):
        for column, wrong in enumerate(("7", "2.51", "b", "", "false", "0.500001")):
            rows = [list(row) for row in self.TEXT]
            rows[0][column] = wrong
            self.assertIsNotNone(self.answer().difference([["header"], *rows]), column)

    def test_a_missing_row_and_null(self):
        self.assertIsNotNone(self.answer().difference([["header"], self.TEXT[0]]))
        rows = [self.TEXT[0], ["2", None, None, None, "false", "0.3333333333333333"]]
        self.assertIsNotNone(self.answer().difference([["header"], *rows]))

    def test_order_where_the_query_decides_it(self):
        ordered = self.answer("SELECT x AS c0 FROM t ORDER BY c0")
        self.assertIsNone(ordered.difference([["header"], *self.TEXT]))
        self.assertIsNotNone(ordered.difference([["header"], *reversed(self.TEXT)]))


class Generate(unittest.TestCase):
    def test_a_seed_makes_the_same_query(self):
        for seed in range(50):
            text, choices = random_query.make(seed=seed)
            self.assertEqual(text, random_query.make(seed=seed)[0])
            self.assertEqual(text, random_query.make(replay=choices)[0])

    def test_shrinking_keeps_what_fails(self):
        found = 0
        for seed in range(200):
            text, choices = random_query.make(seed=seed)
            if "FULL JOIN" not in text or len(text) < 300:
                continue
            small = random_query.shrink(choices, lambda text: "FULL JOIN" in text)
            self.assertIn("FULL JOIN", small)
            self.assertLess(len(small), len(text) * 0.7)
            found += 1
            if found == 5:
                break
        self.assertEqual(found, 5)


if __name__ == "__main__":
    unittest.main()
