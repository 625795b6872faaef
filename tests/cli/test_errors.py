#!/usr/bin/env python3
"""Errors as people see them: class, SQLSTATE, place, caret, hint; bad files; texts too large or too deep."""

import os
import struct
import unittest

from cli_case import HERE, CliCase


class Texts(CliCase):
    def test_an_unknown_column(self):
        done = self.sql("select quantiy\n  from (select 1 as quantity, 2 as price)")
        self.fails(done, 1)
        self.assertEqual(
            done.stderr,
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name "
            "`quantiy` cannot be resolved. Did you mean one of the following? [`quantity`, `price`]. "
            "SQLSTATE: 42703 "
            "(line 1, pos 7)\n\n"
            "== SQL (line 1, position 8) ==\nselect quantiy\n       ^^^^^^^\n",
        )

    def test_an_unknown_table_in_the_second_line(self):
        done = self.sql("create temporary view lineitem as select 1 as a; select *\n  from linitem", "-S")
        self.fails(
            done,
            1,
            "[TABLE_OR_VIEW_NOT_FOUND]",
            "42P01",
            "(line 2, pos 7)",
            "  from linitem\n       ^^^^^^^\n",
        )
        self.assertIn("lineitem", done.stderr)

    def test_an_unknown_function(self):
        done = self.sql("select uper('a')", "-S")
        self.fails(done, 1, "[UNRESOLVED_ROUTINE]", "42883", "select uper('a')\n       ^")

    def test_tabs_and_wide_characters_before_the_caret(self):
        done = self.sql("select 'é',\tnope", "-S")
        self.fails(done, 1, "select 'é',\tnope\n           \t^^^^\n")

    def test_an_error_at_run_time_has_its_place(self):
        done = self.sql("select a / b as q from values (1, 0) as t(a, b)", "-S")
        self.fails(done, 1, "[DIVIDE_BY_ZERO]", "22012", "select a / b as q", "       ^^^^^")

    def test_ambiguity_and_types(self):
        done = self.sql("select a from (select 1 as a) x, (select 2 as a) y", "-S")
        self.fails(done, 1, "[AMBIGUOUS_REFERENCE]", "42704", "`x`.`a`", "`y`.`a`")
        done = self.sql("select date'2020-01-01' = true", "-S")
        self.fails(done, 1, "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES]", "42K09", '("DATE" and "BOOLEAN")')

    def test_syntax(self):
        done = self.sql("select 1 fro t", "-S")
        self.fails(done, 1, "[PARSE_SYNTAX_ERROR]", "42601", "'t'", "^")
        self.fails(self.sql("select 'open", "-S"), 1, "[PARSE_SYNTAX_ERROR]", "42601")

    def test_a_setting_in_sql(self):
        many = self.sql("set weft.sql.batchRows=many", "-S")
        self.fails(many, 1, "[INVALID_CONF_VALUE.TYPE_MISMATCH]", "22022", "many")
        self.fails(self.sql("set weft.sql.batchRow=1", "-S"), 1, "weft.sql.batchRow", "batchRows")

    def test_a_setting_that_is_fixed(self):
        for text in ("set weft.memory.limit=5m", "set weft.task.slots=7", "reset spark.local.dir"):
            self.fails(self.sql(text, "-S"), 1, "[CANNOT_MODIFY_CONFIG]", "46110", "--conf")

    def test_a_time_zone_that_is_none(self):
        done = self.sql("select 1", "--conf", "spark.sql.session.timeZone=Mars/Olympus")
        self.fails(done, 1, "[INVALID_CONF_VALUE.TIME_ZONE]", "Mars/Olympus")
        self.assertNotIn("Time taken", done.stderr)

    def test_reset_goes_back_to_the_start(self):
        text = "set weft.sql.batchRows=9; reset; set weft.sql.batchRows; set weft.sql.ansi.enabled=false; "
        text += "reset weft.sql.ansi.enabled; set weft.sql.ansi.enabled"
        done = self.sql(text, "-S", "--format", "csv", "--conf", "weft.sql.batchRows=7")
        self.assertEqual(done.stdout.count("weft.sql.batchRows,7\n"), 1, done.stdout)
        self.assertEqual(done.stdout.count("weft.sql.ansi.enabled,true\n"), 1, done.stdout)

    def test_an_event_log_in_a_folder(self):
        folder = self.path("events")
        os.mkdir(folder)
        self.assertEqual(self.sql("select 1", "-S", "--conf", f"spark.eventLog.dir={folder}").returncode, 0)
        with open(os.path.join(folder, "events.jsonl"), encoding="utf-8") as file:
            self.assertIn("SparkListenerJobEnd", file.readlines()[-1])


class Sizes(CliCase):
    def test_deep_nesting(self):
        for text in (
            "select " + "(" * 100000 + "1" + ")" * 100000,
            "select " + "not " * 100000 + "true",
            "select " + "case when true then " * 50000 + "1" + " end" * 50000,
            "select * from " + "(select * from " * 20000 + "values (1)" + ")" * 20000,
            "select " + "abs(" * 50000 + "1" + ")" * 50000,
        ):
            path = self.write("deep.sql", text)
            done = self.run_weft("sql", "-S", "-f", path)
            self.fails(done, 1, "[FAILED_TO_PARSE_TOO_COMPLEX]", "54001")
            self.assertLess(len(done.stderr), 3000)

    def test_long_chains_are_fine(self):
        text = "select " + " + ".join(["1"] * 400) + " as a, " + " or ".join(["1 = 2"] * 4000) + " as b"
        done = self.run_weft("sql", "-S", "--format", "csv", "-f", self.write("long.sql", text))
        self.assertEqual((done.returncode, done.stdout), (0, "a,b\n400,false\n"), done.stderr[:500])

    def test_ten_megabytes_of_comment(self):
        text = "select /* " + "x" * 10_000_000 + " */ 1 as a"
        done = self.run_weft("sql", "-S", "--format", "csv", "-f", self.write("big.sql", text))
        self.assertEqual((done.returncode, done.stdout), (0, "a\n1\n"), done.stderr[:500])

    def test_ten_megabytes_of_values(self):
        row = "(1, 'some text')"
        text = "select count(*) as n from values " + ", ".join([row] * (10_000_000 // (len(row) + 2)))
        done = self.run_weft("sql", "-S", "--format", "csv", "-f", self.write("big.sql", text))
        if done.returncode == 0:
            self.assertEqual(done.stdout, f"n\n{10_000_000 // (len(row) + 2)}\n")
        else:
            self.fails(done, 1, "SQLSTATE: ")
            self.assertLess(len(done.stderr), 3000)

    def test_ten_megabytes_of_noise(self):
        for data in (
            b"select " + os.urandom(1000) * 10_000,
            b"\xff" * 10_000_000,
            b"select '" + b"a" * 10_000_000,
        ):
            done = self.run_weft_bytes(data)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"SQLSTATE: ", done.stderr)
            self.assertLess(len(done.stderr), 4000)

    def run_weft_bytes(self, data):
        import subprocess

        from cli_case import WEFT

        path = self.write("noise.sql", data)
        return subprocess.run(
            [WEFT, "sql", "-S", "-f", path], capture_output=True, cwd=self.folder, timeout=60
        )


class Files(CliCase):
    def setUp(self):
        super().setUp()
        self.good = self.path("good.parquet")
        rows = ", ".join(f"({i}, 'text {i % 7}', {i}.25)" for i in range(500))
        done = self.sql(
            f"select * from values {rows} as t(a, b, c)", "-S", "--format", "parquet", "--output", self.good
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.good, "rb") as file:
            self.data = file.read()

    def read(self, path):
        return self.sql(
            f"select count(*), sum(a), min(b), max(c) from parquet.`{path}`", "-S", "--format", "csv"
        )

    def test_a_missing_file(self):
        done = self.read(self.path("none.parquet"))
        self.fails(done, 1, "[PATH_NOT_FOUND]", "42K03", "none.parquet")
        done = self.sql(f"create temporary view v using parquet options (path '{self.path('none')}')", "-S")
        self.fails(done, 1, "[PATH_NOT_FOUND]", "42K03", "none")

    def test_no_parquet(self):
        for data in (
            b"",
            b"PAR1",
            b"hello, this is text\n" * 50,
            b"PAR1" * 3,
            b"PAR1" + b"\0" * 100 + b"PAR1",
        ):
            path = self.write("bad.parquet", data)
            self.fails(self.read(path), 1, "[FAILED_READ_FILE.NO_HINT", "bad.parquet", "SQLSTATE: ")

    def test_every_kind_of_cut(self):
        size = len(self.data)
        for cut in sorted(
            {1, 4, 8, 100, size // 4, size // 2, size - 200, size - 9, size - 8, size - 4, size - 1}
        ):
            path = self.write("cut.parquet", self.data[:cut])
            self.fails(self.read(path), 1, "[FAILED_READ_FILE.NO_HINT", "cut.parquet", "SQLSTATE: ")

    def test_a_footer_that_is_too_long(self):
        path = self.write("long.parquet", self.data[:-8] + struct.pack("<I", 1 << 31) + b"PAR1")
        self.fails(self.read(path), 1, "[FAILED_READ_FILE.NO_HINT", "long.parquet")

    def test_flipped_bytes_never_kill(self):
        for place in range(0, len(self.data), max(1, len(self.data) // 60)):
            data = bytearray(self.data)
            data[place] ^= 0x55
            done = self.read(self.write("flip.parquet", bytes(data)))
            self.assertIn(done.returncode, (0, 1), f"byte {place}: {done.stderr}")
            if done.returncode == 1:
                self.assertIn("SQLSTATE: ", done.stderr)

    def test_a_folder_without_files(self):
        os.mkdir(self.path("empty"))
        done = self.read(self.path("empty"))
        self.fails(done, 1, "SQLSTATE: ", "empty")

    def test_a_file_that_may_not_be_read(self):
        os.chmod(self.good, 0)
        if os.access(self.good, os.R_OK):
            return  # root reads everything
        self.fails(self.read(self.good), 1, "Permission denied", "good.parquet")

    def test_a_bad_option(self):
        done = self.sql("create temporary view v using parquet options (nothing 'x')", "-S")
        self.fails(done, 1, "SQLSTATE: ")
        done = self.sql("create temporary view v using nosuch options (path 'x')", "-S")
        self.fails(done, 1, "[DATA_SOURCE_NOT_FOUND]", "42K02", "nosuch")

    def test_a_place_that_cannot_be_written(self):
        path = self.write("plain", "x")
        done = self.sql(f"insert overwrite directory '{path}/sub' using parquet select 1 as a", "-S")
        self.fails(done, 1, "SQLSTATE: ", "plain")


if __name__ == "__main__":
    unittest.main()
