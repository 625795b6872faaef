#!/usr/bin/env python3
"""The worked example of examples/survey: its files are made, its SQL is run, the trend is what was put in."""

import csv
import os
import subprocess
import sys
import unittest

from cli_case import HERE, CliCase

EXAMPLE = os.path.join(HERE, "..", "..", "examples", "survey")


class Survey(CliCase):
    def test_survey(self):
        make = [sys.executable, os.path.join(EXAMPLE, "make.py"), self.path("data")]
        subprocess.run(make, check=True)
        script = os.path.join(EXAMPLE, "survey.sql")
        done = self.run_weft("sql", "-S", "--format", "csv", "-f", os.path.abspath(script))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = list(csv.DictReader(done.stdout.splitlines()))
        with open(self.path("data/truth.csv"), encoding="utf-8") as file:
            truth = list(csv.DictReader(file))
        self.assertEqual([{name: row[name] for name in truth[0]} for row in rows], truth)
        self.assertLess(float(rows[0]["lead"]), 0)
        self.assertGreater(float(rows[-1]["lead"]), 0)

        text = "SELECT count(*), count(country), count(pay), max(size(languages)) FROM parquet.`unified`"
        people, countries, pays, most = map(int, self.rows(text).splitlines()[1].split(","))
        self.assertEqual(people, countries)
        self.assertGreater(pays, people // 4)
        self.assertLessEqual(most, 8)


if __name__ == "__main__":
    unittest.main()
