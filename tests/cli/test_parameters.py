#!/usr/bin/env python3
"""`weft sql --param`, and SQL scripts as one statement of many."""

import unittest

from cli_case import CliCase


class Parameters(CliCase):
    def rows(self, sql, *arguments):
        done = self.sql(sql, "-S", "--format", "csv", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_values_are_constants_or_texts(self):
        self.assertEqual(
            self.rows(
                "select :n + 1 as a, :d as b, typeof(:d) as c, typeof(:day) as d, :t as e,"
                " :null is null as f",
                "--param", "n=5", "--param", "d=2020-01-01", "--param", "day=DATE '2020-01-01'",
                "--param", "t=it's; :n", "--param", "null=NULL",
            ),
            "a,b,c,d,e,f\n6,2020-01-01,string,date,it's; :n,true\n",
        )  # fmt: skip

    def test_by_place(self):
        self.assertEqual(self.rows("select ? as a, ? as b", "--param==1", "--param", "=x"), "a,b\n1,x\n")

    def test_a_value_stays_one_value(self):
        done = self.sql("select id from range(3) where id = :x", "-S", "--param", "x=1 or true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("[CAST_INVALID_INPUT] The value '1 or true'", done.stderr)

    def test_what_has_no_value(self):
        done = self.sql("select :a + :b", "-S", "--param", "a=1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("[UNBOUND_SQL_PARAMETER] Found the unbound parameter: b.", done.stderr)
        self.assertIn("(line 1, pos 12)", done.stderr)

    def test_places_of_errors_are_those_of_the_text(self):
        done = self.sql("select :a,\n nosuch", "-S", "--param", "a=a long, long text")
        self.assertEqual(done.returncode, 1)
        self.assertIn("(line 2, pos 1)", done.stderr)


class Scripts(CliCase):
    def test_semicolons_inside_end_nothing(self):
        done = self.sql(
            "select 1 as a; begin declare x int = 1; while x < 3 do set x = case x when 1 then 2 else 3 end;"
            " end while; select x; end; select 4 as b",
            "-S", "--format", "csv",
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "a\n1\nx\n3\nb\n4\n", ""))

    def test_places_of_errors_are_those_of_the_script(self):
        done = self.sql("begin\n declare x int = 3;\n select x, nosuch from range(1);\nend", "-S")
        self.assertEqual(done.returncode, 1)
        self.assertIn("(line 3, pos 11)", done.stderr)
        done = self.sql("begin\n declare x int = 3;\n if x > 2 and nope then select 1; end if;\nend", "-S")
        self.assertIn("(line 3, pos 14)", done.stderr)

    def test_parameters_of_a_script(self):
        text = "begin declare x int = :p; select x + :p as y; end"
        done = self.sql(text, "-S", "--format", "csv", "--param", "p=5")
        self.assertEqual((done.returncode, done.stdout), (0, "y\n10\n"))


if __name__ == "__main__":
    unittest.main()
