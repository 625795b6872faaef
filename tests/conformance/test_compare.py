#!/usr/bin/env python3
"""The comparison itself: it must see a wrong digit, a wrong order, a wrong scale, a missing row."""

import os
import sys
import unittest
from datetime import date
from decimal import Decimal

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from tpch import compare, parse_queries, query_text  # noqa: E402


class Compare(unittest.TestCase):
    def test_equal(self):
        rows = [(1, Decimal("2.50"), date(1995, 1, 1), 0), (2, Decimal("2.40"), date(1995, 1, 2), 0)]
        text = [["1", "2.5000", "1995-01-01", "0"], ["2", "2.4000", "1995-01-02", "0"]]
        self.assertIsNone(compare.difference(3, rows, compare.from_text(text, 3)))
        text[1][1] = "2.4001"
        self.assertIsNotNone(compare.difference(3, rows, compare.from_text(text, 3)))

    def test_order(self):
        rows = [("A", 1), ("B", 2)]
        self.assertIsNone(compare.difference(4, rows, [("A", 1), ("B", 2)]))
        self.assertIsNotNone(compare.difference(4, rows, [("B", 2), ("A", 1)]))

    def test_ties_may_come_in_any_order(self):
        rows = [(7, Decimal(5)), (8, Decimal(5)), (9, Decimal(4))]
        self.assertIsNone(compare.difference(11, rows, [rows[1], rows[0], rows[2]]))
        self.assertIsNotNone(compare.difference(11, rows, [rows[2], rows[1], rows[0]]))

    def test_row_count(self):
        self.assertIsNotNone(compare.difference(4, [("A", 1)], []))
        self.assertIsNotNone(compare.difference(4, [], [("A", 1)]))

    def test_scale_is_sparks(self):
        with self.assertRaises(ValueError):
            compare.from_text([["1.5"]], 6)
        self.assertEqual(compare.from_text([["1.5000"]], 6), [[Decimal("1.5")]])

    def test_double_against_rounded_decimal(self):
        same = compare.same_value
        self.assertTrue(same(16.3807785, Decimal("16.380779"), "6"))
        self.assertTrue(same(16.38077862639554, Decimal("16.380779"), "6"))
        self.assertFalse(same(16.38077862639554, Decimal("16.380778"), "6"))
        self.assertFalse(same(16.38077862639554, None, "6"))
        self.assertTrue(same(None, None, "6"))

    def test_queries(self):
        self.assertEqual(parse_queries("1,5-7"), [1, 5, 6, 7])
        self.assertEqual(len(parse_queries("all")), 22)
        self.assertIn("* 0.00001\n", query_text(11, 10))
        self.assertTrue(all(";" not in query_text(q).split("\n", 1)[1] for q in range(1, 23)))


if __name__ == "__main__":
    unittest.main()
