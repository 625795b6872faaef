#!/usr/bin/env python3
"""What the system allows a process, open files and room for scratch: a statement that spills stays within it,
or ends with a named error and leaves nothing."""

import os
import resource
import shutil
import unittest

from cli_case import CliCase

COPIES, FILES = 40, 30
SPILL = ["--conf", "weft.test.forceSpill=true"]


def limit(kind, value):
    """A function that a child runs before the program."""
    return lambda: resource.setrlimit(kind, (value, value))


class Limits(CliCase):
    def setUp(self):
        super().setUp()
        self.table = self.path("t")
        digits = ", ".join(f"({n})" for n in range(10))
        done = self.sql(
            f"create temporary view d as select cast(n as bigint) as n from values {digits} as t(n); "
            f"insert overwrite directory '{self.table}' using parquet "
            "select a.n + 10 * b.n + 100 * c.n + 1000 * d.n as k, concat('a string of some length ', "
            "cast(a.n as string), cast(b.n as string)) as s from d a, d b, d c, d d",
            "-S",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.scratch = self.path("scratch")
        os.mkdir(self.scratch)

    def run_limited(self, text, kind, value, *arguments):
        view = f"create temporary view t using parquet options (path '{self.table}'); "
        common = ["-S", "--format", "csv", "--conf", f"weft.scratch.dir={self.scratch}", *SPILL]
        return self.sql(view + text, *common, *arguments, before=limit(kind, value))

    def test_few_open_files_and_many_tasks(self):
        """More tasks that spill than files may be open."""
        (file,) = [name for name in os.listdir(self.table) if name.endswith(".parquet")]
        for copy in range(COPIES - 1):
            shutil.copy(os.path.join(self.table, file), os.path.join(self.table, f"copy-{copy}.parquet"))
        text = (
            "select sum(n), max(n) from (select a.k, count(*) as n from t a join t b on a.k = b.k * 2 "
            "group by a.k); select count(distinct s), count(*) from t"
        )
        many = ["--conf", "weft.sql.shuffle.partitions=64", "--conf", "weft.sql.files.maxPartitionBytes=1000"]
        done = self.run_limited(text, resource.RLIMIT_NOFILE, FILES, "--master", "local[4]", *many)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [f"{5000 * COPIES**2},{COPIES**2}", f"100,{10000 * COPIES}"]
        self.assertEqual([line for line in done.stdout.splitlines() if line[0].isdigit()], rows)

    def test_full_scratch(self):
        text = "select s, k from t order by s, k limit 9000"
        done = self.run_limited(text, resource.RLIMIT_FSIZE, 64 << 10)
        self.fails(done, 1, "[", self.scratch)
        self.assertIn("No room left in the scratch folders", done.stderr)
        self.assertIn("Hint: ", done.stderr)
        self.assertEqual(os.listdir(self.scratch), [])


if __name__ == "__main__":
    unittest.main()
