#!/usr/bin/env python3
"""`weft` and `weft sql`: options, what goes to which stream, formats, exit codes."""

import json
import os
import unittest

from cli_case import CliCase


class Streams(CliCase):
    def test_rows_on_stdout_all_else_on_stderr(self):
        done = self.sql("select 1 as a union all select 2 order by 1")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "+-+\n|a|\n+-+\n|1|\n|2|\n+-+\n")
        self.assertRegex(done.stderr, r"^Time taken: \d+\.\d{3} seconds, Fetched 2 row\(s\)\n$")

    def test_statements_without_rows_print_nothing_on_stdout(self):
        done = self.sql(
            "create temporary view v as select 1 as a; set weft.sql.batchRows=7", "--format", "csv"
        )
        self.assertEqual(done.stdout, "key,value\nweft.sql.batchRows,7\n")
        self.assertRegex(done.stderr, r"^Time taken: \d+\.\d{3} seconds\nTime taken: .*Fetched 1 row\(s\)\n$")

    def test_silent(self):
        done = self.sql("select 1", "-S")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_closing_line_a_statement(self):
        done = self.sql("select 1; select 2;;\n-- nothing\nselect 3;")
        self.assertEqual(done.stderr.count("Time taken"), 3)

    def test_the_first_error_stops_a_script(self):
        done = self.sql("select 1; select nope; select 3", "--format", "csv")
        self.assertEqual((done.returncode, done.stdout), (1, "1\n1\n"))

    def test_force_goes_on(self):
        more = self.write("more.sql", "select 3;\nselect\n  1 / 0; select 4")
        done = self.sql("select 1; select nope; select 2", "-f", more, "--force", "--json", "--format", "csv")
        self.assertEqual((done.returncode, done.stdout), (1, "1\n1\n2\n2\n3\n3\n4\n4\n"))
        told = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual([line["status"] for line in told if line["statement"] in (2, 5)], ["failed"] * 2)
        self.assertEqual([line["status"] for line in told].count("succeeded"), 4)
        self.assertTrue(told[4]["text"].startswith("[DIVIDE_BY_ZERO] Division by zero."), told[4])
        self.assertIn("== SQL (line 2, position 3) ==\n  1 / 0\n", told[4]["text"])
        self.assertEqual(self.sql("select 1", "--force", "-S").returncode, 0)
        done = self.run_weft("sql", "--force", "-S", "-f", self.path("none.sql"), "-e", "select 5")
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_a_full_output_is_an_error(self):
        with open("/dev/full", "w") as full:
            import subprocess

            from cli_case import WEFT

            done = subprocess.run(
                [WEFT, "sql", "-e", "select 1"], stdout=full, stderr=subprocess.PIPE, text=True
            )
        self.assertEqual(done.returncode, 1)
        self.assertIn("[IO_ERROR]", done.stderr)


class Configuration(CliCase):
    SHOWN = "set weft.sql.shuffle.partitions; set weft.task.slots"

    def shown(self, *arguments, environment=None):
        """(partitions, slots) as a session sees them."""
        variables = {"WEFT_MASTER": "", **(environment or {})}
        done = self.sql(self.SHOWN, "-S", "--format", "csv", *arguments, environment=variables)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = dict(line.split(",") for line in done.stdout.split() if not line.startswith("key"))
        return rows["weft.sql.shuffle.partitions"], rows["weft.task.slots"]

    def test_order(self):
        """Arguments count more than the file, the file more than the environment."""
        lines = "# for all\nweft.master local[2]\nspark.sql.shuffle.partitions = 7\nweft.worker.port 9\n"
        file = self.write("weft.conf", lines)
        self.assertEqual(self.shown("--config", file), ("7", "2"))
        self.assertEqual(self.shown(f"--properties-file={file}"), ("7", "2"))
        named = {"WEFT_CONF": file}
        self.assertEqual(self.shown(environment=named), ("7", "2"))
        self.assertEqual(self.shown(environment={**named, "WEFT_MASTER": "local[5]"}), ("7", "2"))
        self.assertEqual(self.shown(environment={"WEFT_MASTER": "local[5]"}), ("0", "5"))
        arguments = ("--master", "local[3]", "--conf", "weft.sql.shuffle.partitions=8")
        self.assertEqual(self.shown(*arguments, environment=named), ("8", "3"))
        other = self.write("other.conf", "weft.master local[4]\n")
        self.assertEqual(self.shown("--config", other, environment=named), ("0", "4"))

    def test_what_is_wrong_is_named(self):
        file = self.write("weft.conf", "weft.memory.limit 1g\n\nweft.memory.limmit 2g\n")
        for command in (["sql", "-e", "select 1"], ["submit", self.write("x.sql", "select 1")], ["status"]):
            done = self.run_weft(*command, "--config", file)
            self.fails(done, 2, f'{file}:3: unknown key "weft.memory.limmit"', 'mean "weft.memory.limit"?')
        file = self.write("weft.conf", "weft.memory.limit much\n")
        self.fails(self.sql("select 1", "--config", file), 2, f"{file}:1:")
        file = self.write("weft.conf", "weft.master nowhere\n")
        self.fails(self.sql("select 1", "--config", file), 2, "the master must be")
        self.fails(self.sql("select 1", "--config", "/no/file"), 2, "/no/file")
        done = self.sql("select 1", environment={"WEFT_CONF": "/no/file"})
        self.fails(done, 2, "/no/file", "$WEFT_CONF")
        file = self.write("weft.conf", "spark.yarn.queue x\n")
        done = self.sql("select 1", "--config", file)
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"{file}:1: spark.yarn.queue means nothing here", done.stderr)


class Formats(CliCase):
    TEXT = "select 1 as a, '' as b, cast(null as string) as c, 'x,y' as d, 'q\"' as e, 'l\\nm' as f"

    def test_csv(self):
        self.assertEqual(self.rows(self.TEXT), 'a,b,c,d,e,f\n1,"",,"x,y","q""","l\nm"\n')

    def test_csv_of_no_rows_is_the_header(self):
        self.assertEqual(self.rows("select 1 as a where false"), "a\n")

    def test_zero_bytes_in_strings(self):
        self.assertEqual(self.rows("select 'a\\u0000b' as s"), "s\na\0b\n")

    def test_json(self):
        done = self.sql(self.TEXT + ", 1.50 as g, true as h, date'2020-01-02' as i", "-S", "--format", "json")
        row = json.loads(done.stdout)
        expected = {"a": 1, "b": "", "c": None, "d": "x,y", "e": 'q"', "f": "l\nm", "g": 1.5, "h": True}
        self.assertEqual(row, {**expected, "i": "2020-01-02"})

    NESTED = (
        "select array(1, null) as a, map('k\"', 1.5, 'n', null) as m, "
        "named_struct('x', 't\\n', 'y', null, 'd', date'2020-01-02') as s, "
        "array(named_struct('f', array(double('NaN')))) as l, cast(null as array<int>) as z"
    )

    def test_json_of_nested_values(self):
        done = self.sql(self.NESTED, "-S", "--format", "json")
        expected = {"a": [1, None], "m": {'k"': 1.5, "n": None}, "s": {"x": "t\n", "d": "2020-01-02"}}
        self.assertEqual(json.loads(done.stdout), {**expected, "l": [{"f": ["NaN"]}], "z": None})

    def test_csv_of_nested_values(self):
        row = '"[1, null]","{k"" -> 1.5, n -> null}","{t\n, null, 2020-01-02}",[{[NaN]}],\n'
        self.assertEqual(self.rows(self.NESTED), "a,m,s,l,z\n" + row)

    def test_json_of_numbers_that_it_lacks(self):
        done = self.sql("select double('NaN') as a, double('Infinity') as b", "-S", "--format", "json")
        self.assertEqual(json.loads(done.stdout), {"a": "NaN", "b": "Infinity"})

    def test_table_counts_characters(self):
        done = self.sql("select 'é' as a, null as b", "-S")
        self.assertEqual(done.stdout, "+-+----+\n|a|   b|\n+-+----+\n|é|NULL|\n+-+----+\n")

    def test_output_file(self):
        for _ in range(2):  # the second run begins anew
            done = self.sql(
                "select 1 as a; select 2 as b", "-S", "--format", "csv", "--output", self.path("o")
            )
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        with open(self.path("o")) as file:
            self.assertEqual(file.read(), "a\n1\nb\n2\n")

    def test_output_that_cannot_be_written(self):
        done = self.sql("select 1", "--output", self.path("no/folder"))
        self.fails(done, 1, "[IO_ERROR]", "No such file or directory")

    def test_parquet(self):
        path = self.path("o.parquet")
        done = self.sql(
            "select 1 as a, 'x' as b union all select 2, null", "-S", "--format", "parquet", "--output", path
        )
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.rows(f"select * from parquet.`{path}` order by a"), "a,b\n1,x\n2,\n")

    def test_parquet_holds_one_result(self):
        done = self.sql("select 1; select 2", "-S", "--format", "parquet", "--output", self.path("o.parquet"))
        self.fails(done, 1, "[PATH_ALREADY_EXISTS]", "takes only one")

    def test_parquet_needs_a_file(self):
        self.fails(self.sql("select 1", "--format", "parquet"), 2, "--output")


class Options(CliCase):
    def test_help_everywhere(self):
        for arguments in (["--help"], ["-h"], ["help"], ["sql", "--help"], ["sql", "-h"], ["help", "sql"]):
            done = self.run_weft(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertTrue(done.stdout.startswith("Usage: weft"), arguments)
        for option in ("-e", "-f", "--master", "--memory", "-S", "--conf", "--format", "--output"):
            self.assertIn(option, self.run_weft("sql", "--help").stdout)
        self.assertTrue(self.run_weft("version", "--help").stdout.startswith("Usage: weft version"))

    def test_version(self):
        self.assertRegex(self.run_weft("version").stdout, r"^weft \d+\.\d+\.\d+\n$")
        self.assertEqual(self.run_weft("--version").returncode, 0)

    def test_no_command(self):
        self.fails(self.run_weft(), 2, "Usage: weft")
        self.fails(self.run_weft("sqll"), 2, "there is no command 'sqll'")

    def test_wrong_usage(self):
        self.fails(self.run_weft("sql", "--nonsense"), 2, "--nonsense", "--help")
        self.fails(self.run_weft("sql", "select 1"), 2, "unknown option")
        self.fails(self.run_weft("sql", "-e"), 2, "misses its value")
        self.fails(self.sql("select 1", "--format", "xml"), 2, "table, csv, json or parquet")
        self.fails(self.sql("select 1", "--master", "yarn"), 2, "local[N]", "yarn")
        self.fails(self.sql("select 1", "--master", "local[0]"), 2, "local[0]")
        self.fails(self.sql("select 1", "--memory", "lots"), 2, "lots")
        self.fails(self.sql("select 1", "--memory", "-1m"), 2, "-1m")
        self.fails(self.sql("select 1", "--conf", "noequals"), 2, "KEY=VALUE")
        self.fails(self.sql("select 1", "--conf", "weft.sql.batchRow=1"), 2, "weft.sql.batchRow", "batchRows")
        self.fails(self.sql("select 1", "--conf", "weft.sql.batchRows=many"), 2, "many")
        self.fails(self.sql("select 1", "--conf", "weft.sql.batchRows=0"), 2, "0")
        self.fails(self.sql("select 1", "--conf", "spark.sql.ansi.enabled=maybe"), 2, "maybe")

    def test_masters(self):
        for master in ("local", "local[1]", "local[3]", "local[*]"):
            self.assertEqual(self.rows("select 1 as a", "--master", master), "a\n1\n")
        self.assertEqual(self.rows("select 1 as a", "--master=local[2]"), "a\n1\n")
        done = self.sql("select 1", environment={"WEFT_MASTER": "nowhere"})
        self.assertEqual(done.returncode, 2)

    def test_memory_and_conf(self):
        text = "set weft.memory.limit"
        self.assertEqual(self.rows(text, "--memory", "512m"), "key,value\nweft.memory.limit,512m\n")
        self.assertEqual(
            self.rows("set weft.sql.ansi.enabled", "--conf", "spark.sql.ansi.enabled=false"),
            "key,value\nweft.sql.ansi.enabled,false\n",
        )

    def test_files_and_texts_in_order(self):
        one = self.write("one.sql", "create temporary view v as select 5 as a;\nselect a from v;\n")
        two = self.write("two.sql", "select a + 2 as c from v")
        done = self.run_weft(
            "sql", "-S", "--format", "csv", "-f", one, "-e", "select a + 1 as b from v", "-f", two
        )
        self.assertEqual(done.stdout, "a\n5\nb\n6\nc\n7\n", done.stderr)

    def test_files_that_cannot_be_read(self):
        self.fails(self.run_weft("sql", "-f", self.path("none.sql")), 2, "none.sql", "No such file")
        self.fails(self.run_weft("sql", "-f", self.folder), 2, self.folder)

    def test_an_empty_script(self):
        done = self.run_weft("sql", "-f", self.write("empty.sql", ""))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        done = self.sql(" ; -- nothing \n /* here */ ;")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_stdin_as_a_script(self):
        done = self.run_weft(
            "sql", "-S", "--format", "csv", stdin="select 1 as a;\nselect\n2 as b;\nselect 3 as c"
        )
        self.assertEqual((done.returncode, done.stdout), (0, "a\n1\nb\n2\nc\n3\n"))
        done = self.run_weft(
            "sql", "-S", "--format", "csv", stdin="select 1 as a;\nselect nope;\nselect 3 as c;"
        )
        self.assertEqual((done.returncode, done.stdout), (1, "a\n1\n"))
        done = self.run_weft("sql", "-S", "--format", "csv", "-f", "-", stdin="select 1 as a;")
        self.assertEqual((done.returncode, done.stdout), (0, "a\n1\n"))


class Tables(CliCase):
    def test_create_table_goes_into_the_warehouse(self):
        text = "create table t as select 1 as a; select * from t; "
        text += "create table if not exists t as select 2 as a; select * from t"
        self.assertEqual(self.rows(text), "a\n1\na\n1\n")
        self.assertTrue(os.path.isdir(self.path("weft-warehouse/t")))
        self.assertEqual(self.rows("select * from t"), "a\n1\n")  # in the next run too
        self.fails(self.sql("create table t as select 2 as a"), 1, "[TABLE_OR_VIEW_ALREADY_EXISTS]", "42P07")
        self.rows("insert overwrite directory 'weft-warehouse/left' using parquet select 1 as a")
        self.fails(self.sql("create table left as select 2 as a"), 1, "[LOCATION_ALREADY_EXISTS]", "42710")
        text = "create table u as select 1 as a; create table u as select 2 as a"
        self.fails(self.sql(text), 1, "[TABLE_OR_VIEW_ALREADY_EXISTS]", "42P07")
        done = self.rows(
            "create table t as select 3 as a", "--conf", f"weft.sql.warehouse.dir={self.path('w')}"
        )
        self.assertEqual(done, "")
        self.assertTrue(os.path.isdir(self.path("w/t")))


if __name__ == "__main__":
    unittest.main()
