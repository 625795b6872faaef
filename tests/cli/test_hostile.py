#!/usr/bin/env python3
"""Text files as nobody should write them: cut, with flipped bits, in another encoding, with very long lines,
very many columns, very deep nesting. Each gives rows, counts what the mode says, or is an error that tells
file and line.

WEFT_HOSTILE=full: lines of 100 MB, a million columns (scripts/hostile); else a hundredth of that."""

import bz2
import gzip
import os
import random
import re
import unittest
import zlib

from cli_case import CliCase

FULL = os.environ.get("WEFT_HOSTILE") == "full"
LONG = 100_000_000 if FULL else 1_000_000
WIDE = 1_000_000 if FULL else 30_000
FLIPS = 200 if FULL else 12
LEVELS = 10_000  # as many as maxNestingDepth may say


class Hostile(CliCase):
    def view(self, form, path, columns="", **options):
        texts = ", ".join(f"{key} '{value}'" for key, value in options.items())
        texts = f"path '{path}'" + (", " + texts if texts else "")
        return f"CREATE TEMPORARY VIEW v {columns} USING {form} OPTIONS ({texts});"

    def ask(self, question, *arguments, **keywords):
        return self.sql(question, "-S", "--format", "csv", *arguments, timeout=300, **keywords)

    def gives(self, question, *rows, arguments=()):
        done = self.ask(question, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr[:500])
        self.assertEqual(done.stdout.splitlines()[1:], list(rows))

    def refuses(self, question, *parts, arguments=()):
        self.fails(self.ask(question, *arguments), 1, *parts)

    def ends(self, question):
        """Rows, or an error with a class and the file's name; never another end of the process."""
        done = self.ask(question)
        self.assertIn(done.returncode, (0, 1), done.stderr[:500])
        if done.returncode == 1:
            self.assertRegex(done.stderr, r"^\[[A-Z_.]+\] ")
            self.assertRegex(done.stderr, r"SQLSTATE: [0-9A-Z]{5}")
        return done

    # ---- long lines ----

    def test_a_long_line(self):
        long = "x" * LONG
        csv = self.write("long.csv", f'a,b\n1,2\n"{long}",3\n4,5\n')
        json = self.write("long.json", f'{{"a":"1"}}\n{{"a":"{long}"}}\n{{"a":"2"}}\n')
        text = self.write("long.txt", f"a\n{long}\nb\n")
        self.gives(f"SELECT count(*), max(length(_c0)) FROM csv.`{csv}`", f"4,{LONG}")
        self.gives(f"SELECT count(*), max(length(a)) FROM json.`{json}`", f"3,{LONG}")
        self.gives(f"SELECT count(*), max(length(value)) FROM text.`{text}`", f"3,{LONG}")

    def test_a_line_longer_than_the_limit(self):
        long = "x" * max(LONG, 3_000_000)  # the limit is looked at where a record fills a block of 1 MiB
        for form, line in (("csv", f"{long},1"), ("json", f'{{"a":"{long}"}}'), ("text", long)):
            path = self.write(f"long.{form}", f"\n{line}\n")
            columns = "(value STRING)" if form == "text" else "(a STRING)"
            question = self.view(form, path, columns, maxRecordBytes=len(long) // 2) + "SELECT * FROM v"
            self.refuses(question, "[PROGRAM_LIMIT_EXCEEDED]", f"long.{form}", "line 2", "maxRecordBytes")

    def test_a_long_line_in_little_memory(self):
        if not FULL:
            return  # the long lines of the quick run fit anywhere
        json = self.write("long.json", '{"a":1}\n{"a":"' + "x" * LONG + '"}\n')
        self.refuses(
            f"SELECT * FROM json.`{json}`", "[OUT_OF_MEMORY]", "long.json", arguments=("--memory", "64m")
        )

    def test_a_value_longer_than_the_limit(self):
        path = self.write("v.csv", "a,b\n1," + "x" * 2000 + "\n")
        question = self.view("csv", path, header="true", maxCharsPerColumn=1000) + "SELECT * FROM v"
        self.refuses(question, "v.csv", "line 2", "maxCharsPerColumn")

    def test_a_quote_that_never_closes(self):
        path = self.write("open.csv", 'a,b\n1,"' + "x\n" * (LONG // 20))
        question = (
            self.view("csv", path, header="true", multiLine="true") + "SELECT count(*), max(length(b)) FROM v"
        )
        self.gives(question, f"1,{LONG // 20 * 2}")

    # ---- many columns ----

    def test_many_columns_of_csv(self):
        names, values = ",".join(f"c{i}" for i in range(WIDE)), ",".join("7" * WIDE)
        path = self.write("wide.csv", f"{names}\n{values}\n{values}\n")
        self.refuses(
            f"SELECT * FROM csv.`{path}`", "[PROGRAM_LIMIT_EXCEEDED]", "wide.csv, line 1", "maxColumns"
        )
        more = self.view("csv", path, header="true", maxColumns=2 * WIDE) + "SELECT * FROM v"
        self.refuses(more, "wide.csv", f"{WIDE} columns", "16384")
        few = self.view("csv", path, "(a INT, b INT)", header="true", maxColumns=2 * WIDE)
        self.gives(few + "SELECT count(a), sum(b) FROM v", "2,14")
        self.gives(few.replace("header", "mode 'DROPMALFORMED', header") + "SELECT * FROM v")
        strict = few.replace("header", "mode 'FAILFAST', header") + "SELECT * FROM v"
        self.refuses(strict, "[FAILED_READ_FILE.NO_HINT", "wide.csv, line 2")

    def test_many_fields_of_json(self):
        fields = ",".join(f'"c{i}":{i}' for i in range(WIDE))
        path = self.write("wide.json", f'{{"a":1}}\n{{{fields}}}\n')
        self.refuses(f"SELECT * FROM json.`{path}`", "[PROGRAM_LIMIT_EXCEEDED]", "wide.json, line 2", "16384")
        few = self.view("json", path, f"(a INT, c{WIDE - 1} INT)")
        self.gives(few + "SELECT * FROM v", "1,", f",{WIDE - 1}")

    # ---- deep nesting ----

    def test_deep_nesting(self):
        deep = "[" * LEVELS + "]" * LEVELS
        objects = '{"a":' * LEVELS + "1" + "}" * LEVELS
        path = self.write("deep.json", f'{{"a":1}}\n{{"a":{deep}}}\n{objects}\n{{"a":2}}\n')
        self.gives(f"SELECT count(*), count(a), count(_corrupt_record) FROM json.`{path}`", "4,2,2")
        for mode, rows in (("DROPMALFORMED", ["1", "2"]), ("PERMISSIVE", ["1", "", "", "2"])):
            self.gives(self.view("json", path, "(a INT)", mode=mode) + "SELECT * FROM v", *rows)
        strict = self.view("json", path, mode="FAILFAST") + "SELECT * FROM v"
        self.refuses(strict, "[MALFORMED_RECORD_IN_PARSING", "deep.json, line 2", "the nesting is too deep")
        most = self.view("json", path, "(a STRING)", maxNestingDepth=LEVELS) + "SELECT max(length(a)) FROM v"
        self.gives(most, str(len('{"a":' * (LEVELS - 1) + "1" + "}" * (LEVELS - 1))))
        self.refuses(
            self.view("json", path, maxNestingDepth=LEVELS + 1) + "SELECT * FROM v", "maxNestingDepth"
        )

    def test_a_deep_schema(self):
        path = self.write("deep.json", '{"a":' + "[" * 900 + "]" * 900 + "}\n")
        self.ends(f"SELECT * FROM json.`{path}`")
        self.ends(self.view("json", path, maxNestingDepth=LEVELS) + "SELECT a FROM v ORDER BY a")

    # ---- damage ----

    rows = [f'{i},"name {i}",{i}.5,2024-01-{i % 28 + 1:02}' for i in range(3000)]

    def packed(self):
        data = ("\n".join(["id,name,x,day", *self.rows]) + "\n").encode()
        deflate = zlib.compress(data)
        return {"csv.gz": gzip.compress(data), "csv.bz2": bz2.compress(data), "csv.deflate": deflate}

    def test_cut_files_that_are_compressed(self):
        for ending, data in self.packed().items():
            for part in (0.1, 0.5, 0.9, 1):
                length = max(int(len(data) * part) - (part == 1), 1)
                path = self.write(f"cut.{ending}", data[:length])
                with self.subTest(ending=ending, length=length):
                    self.refuses(self.view("csv", path, "(id INT)", header="true") + "SELECT sum(id) FROM v",
                                 f"cut.{ending}")  # fmt: skip

    def test_flipped_bits_that_are_compressed(self):
        chance = random.Random(3)
        for ending, data in self.packed().items():
            for _ in range(FLIPS):
                at = chance.randrange(len(data))
                changed = bytearray(data)
                changed[at] ^= 1 << chance.randrange(8)
                path = self.write(f"flip.{ending}", bytes(changed))
                with self.subTest(ending=ending, byte=at):
                    question = self.view("csv", path, "(id INT)", header="true") + "SELECT sum(id) FROM v"
                    done = self.ends(question)
                    if done.returncode == 0:  # a byte that says nothing, as the time in a gzip header
                        self.assertEqual(done.stdout, f"sum(id)\n{sum(range(3000))}\n")
                    else:
                        self.assertIn(f"flip.{ending}", done.stderr)

    def test_flipped_bits_in_plain_text(self):
        chance = random.Random(4)
        csv = ("\n".join(self.rows) + "\n").encode()
        json = "".join(f'{{"id":{i},"name":"name {i}","x":[{i}.5,null]}}\n' for i in range(3000)).encode()
        columns = "(id INT, name STRING, x {}, _corrupt_record STRING)"
        for form, data, kind in (("csv", csv, "DOUBLE, day DATE"), ("json", json, "ARRAY<DOUBLE>")):
            self.flip(form, data, columns.format(kind), chance)

    def flip(self, form, data, columns, chance):
        for _ in range(FLIPS):
            changed = bytearray(data)
            for _ in range(50):
                changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path = self.write(f"flip.{form}", bytes(changed))
            lines = len([line for line in re.split(rb"\r\n|\r|\n", bytes(changed)) if line.strip(b" \0")])
            with self.subTest(form=form):
                counts = "SELECT count(*), count(_corrupt_record), count(id) FROM v"
                good = self.ends(self.view(form, path, columns) + counts)
                self.assertEqual(good.returncode, 0, good.stderr[:300])
                rows, bad, _ = map(int, good.stdout.splitlines()[1].split(","))
                self.assertLessEqual(abs(rows - lines), 3)
                self.assertLessEqual(bad, 110)
                dropped = self.view(form, path, columns, mode="DROPMALFORMED") + "SELECT * FROM v"
                kept = self.ends(dropped)
                self.assertEqual(kept.returncode, 0)
                strict = self.ends(self.view(form, path, columns, mode="FAILFAST") + "SELECT * FROM v")
                if strict.returncode == 1:
                    self.assertRegex(strict.stderr, rf"flip\.{form}, line [0-9]+")
                self.ends(
                    self.view(form, path, inferSchema="true") if form == "csv" else self.view(form, path)
                )

    def test_other_encodings(self):
        """UTF-16 without its mark, cp1252 as UTF-8, UTF-8 cut in the middle of a character."""
        text = '{"a":"caf\u00e9"}\n{"a":"b"}\n'
        wrong = self.write("cp1252.json", text.encode("cp1252"))
        self.gives(f"SELECT count(*), count(a), count(_corrupt_record) FROM json.`{wrong}`", "2,1,1")
        strict = self.view("json", wrong, mode="FAILFAST") + "SELECT * FROM v"
        self.refuses(strict, "cp1252.json, line 1", "no UTF-8")
        self.gives(self.view("json", wrong, encoding="cp1252") + "SELECT a FROM v", "caf\u00e9", "b")
        cut = self.write("cut.json", '{"a":"caf\u00e9'.encode()[:-1])
        self.gives(f"SELECT count(*) FROM json.`{cut}`", "1")
        self.refuses(f"SELECT _corrupt_record FROM json.`{cut}`", "QUERY_ONLY_CORRUPT_RECORD_COLUMN")
        wide = self.write("utf16.csv", "a,b\n1,\u20ac\n".encode("utf-16-le"))
        self.gives(
            self.view("csv", wide, header="true", encoding="UTF-16LE") + "SELECT a, b FROM v", "1,\u20ac"
        )
        self.ends(f"SELECT * FROM csv.`{wide}`")
        odd = self.write("odd.csv", "a,b\n1,2\n".encode("utf-16-le")[:-1])
        self.ends(self.view("csv", odd, header="true", encoding="UTF-16LE") + "SELECT * FROM v")
        nobody = self.view("csv", wide, encoding="no-such-code") + "SELECT * FROM v"
        self.refuses(nobody, "no-such-code")

    def test_files_that_are_no_text(self):
        chance = random.Random(5)
        noise = self.write("noise.bin", bytes(chance.randrange(256) for _ in range(50_000)))
        empty = self.write("empty", b"")
        zeros = self.write("zeros", bytes(100_000))
        for path in (noise, empty, zeros):
            for form in ("csv", "json", "text"):
                with self.subTest(path=path, form=form):
                    self.ends(f"SELECT count(*) FROM {form}.`{path}`")
                    self.ends(
                        self.view(form, path, multiLine="true", mode="FAILFAST")
                        if form != "text"
                        else "SELECT 1"
                    )


if __name__ == "__main__":
    unittest.main()
