#!/usr/bin/env python3
"""The runner's own tests, with a program that answers from a table instead of weft."""

import os
import stat
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

# `weft sql -f FILE --format csv`: "SELECT <n> AS <name>" gives n; "fail CLASS" fails; "rows" gives a table;
# "die" ends the process; "swallow" takes all that follows into itself and fails.
FAKE = r"""#!/usr/bin/env python3
import json, os, re, sys
text = open(sys.argv[sys.argv.index("-f") + 1]).read()
force = "--force" in sys.argv
def tell(number, error=None):
    if "--json" in sys.argv:
        status = "succeeded" if error is None else "failed"
        said = {"statement": number, "status": status, "text": error or ""}
        print(json.dumps(said), file=sys.stderr)
    elif error:
        print(error, file=sys.stderr)
number = 0
for statement in filter(None, (s.strip() for s in text.split("\n;\n"))):
    number += 1
    error = None
    match = re.match(r"SELECT (\d+) AS (\w+)$", statement)
    if match:
        print(match.group(2) + "\n" + match.group(1))
    elif statement == "rows":
        print('a,b\n1,x\n,""\n3,"p|q, r\n s "')
    elif statement == "DESCRIBE QUERY rows":
        print("col_name,data_type,comment\na,int,\nb,string,")
    elif statement == "die":
        sys.stdout.flush()
        os.abort()
    elif statement.startswith("fail") or statement == "swallow":
        error = "[%s] it failed. SQLSTATE: 22012" % (statement.split() + ["OPEN"])[1]
    tell(number, error)
    if error and (not force or statement == "swallow"):
        sys.exit(1)
"""


class Fake(unittest.TestCase):
    def failures(self, text):
        with tempfile.TemporaryDirectory() as folder:
            weft, script = os.path.join(folder, "weft"), os.path.join(folder, "x.test")
            with open(weft, "w", encoding="utf-8") as file:
                file.write(FAKE)
            os.chmod(weft, stat.S_IRWXU)
            with open(script, "w", encoding="utf-8") as file:
                file.write(text)
            found = run.Runner(weft, [], 20, "default").run(run.Script(script))
            return [(record.line, problem) for record, problem in found]

    def test_right_rows_pass(self):
        rows = "1 | x\nNULL | (empty)\n3 | p\\|q, r\\n s\\s\n"
        self.assertEqual(self.failures("query\nrows\n----\n" + rows), [])
        self.assertEqual(self.failures("query header\nrows\n----\na|b\n" + rows), [])
        turned = "\n".join(rows.split("\n")[2::-1])
        self.assertEqual(self.failures("query rowsort\nrows\n----\n" + turned), [])

    def test_wrong_rows_fail(self):
        for rows in (
            "1 | x\n",
            "1 | x\nNULL | NULL\n3 | p\\|q, r\\n s\\s",
            "2 | x\nNULL | (empty)\n3 | z",
            "",
        ):
            self.assertEqual(len(self.failures("query\nrows\n----\n" + rows)), 1, rows)

    def test_errors(self):
        self.assertEqual(self.failures("statement error A_B 22012\nfail A_B\n----\nit failed\n"), [])
        for head in ("statement error OTHER", "statement error A_B 42000", "statement ok"):
            self.assertEqual(len(self.failures(head + "\nfail A_B\n")), 1, head)
        self.assertEqual(len(self.failures("statement error A_B\nSELECT 1 AS a\n")), 1)
        self.assertEqual(len(self.failures("statement error A_B\nfail A_B\n----\nnot said\n")), 1)

    def test_goes_on_after_a_failure(self):
        text = "statement ok\nfail X\n\nquery\nSELECT 1 AS a\n----\n1\n\nquery\nSELECT 2 AS a\n----\n3\n"
        self.assertEqual([line for line, _ in self.failures(text)], [1, 9])

    def test_goes_on_after_the_process_died(self):
        text = "query\nSELECT 1 AS a\n----\n1\n\nstatement {}\ndie\n\nquery\nSELECT 2 AS a\n----\n{}\n"
        for kind in ("ok", "error A_B"):
            self.assertEqual([line for line, _ in self.failures(text.format(kind, 2))], [6])
            self.assertEqual([line for line, _ in self.failures(text.format(kind, 3))], [6, 9])

    def test_alone(self):
        rows = "query\nSELECT {0} AS a\n----\n{0}\n"
        text = rows.format(1) + "\nstatement{} error OPEN\nswallow\n\n" + rows.format(2)
        self.assertEqual(self.failures(text.format(" alone")), [])
        self.assertEqual([line for line, _ in self.failures(text.format(""))], [6])

    def test_typed(self):
        rows = "1 | x\nNULL | (empty)\n3 | p\\|q, r\\n s\\s\n"
        self.assertEqual(self.failures("query typed\nrows\n----\na int | b string\n" + rows), [])
        wrong = self.failures("query typed\nrows\n----\na bigint | b string\n" + rows)
        self.assertEqual([line for line, _ in wrong], [1])
        failed = self.failures("query typed\nfail X\n----\na int\n\nquery\nSELECT 1 AS a\n----\n1\n")
        self.assertEqual([line for line, _ in failed], [1])

    def test_tables_come_first(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.test")
            with open(path, "w", encoding="utf-8") as file:
                file.write("tables tpch\n\nquery\nSELECT 1 AS a\n----\n1\n")
            script = run.Script(path)
        self.assertTrue(script.needs_tpch)
        self.assertEqual(len(script.records), 9)
        self.assertIn("customer", script.records[0].sql)
        self.assertEqual(script.records[-1].kind, "query")

    def test_approx(self):
        self.assertTrue(run.nearly("1.0000000001 | x", "1.0 | x"))
        self.assertFalse(run.nearly("1.00001 | x", "1.0 | x"))
        self.assertFalse(run.nearly("NULL", "1.0"))

    def test_bad_scripts_are_refused(self):
        for text in (
            "query\nSELECT 1\n",
            "statement\nx\n",
            "query sorted\nx\n----\n",
            "hello\n",
            "query\n----\n1\n",
        ):
            with self.assertRaises(run.ScriptError, msg=text):
                self.failures(text)

    def test_csv(self):
        parse = run.weft_cli.parse_csv
        self.assertEqual(parse('a,b\n1,\n"x""y",""\n\n'), [["a", "b"], ["1", None], ['x"y', ""], [None]])
        self.assertEqual(parse("a,\n,b"), [["a", None], [None, "b"]])


if __name__ == "__main__":
    unittest.main()
