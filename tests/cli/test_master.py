"""`weft sql --master weft://…` and `weft submit` against a coordinator and two workers: what a person sees is
what one process shows."""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from cli_case import WEFT, CliCase

WAIT_S = 60


class Process:
    """A daemon, until the line in which it says that it is ready."""

    def __init__(self, arguments, folder, pattern):
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen([WEFT, *arguments], stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + WAIT_S
        while True:
            match = re.search(pattern, self.text())
            if match:
                self.ready = match
                return
            if self.child.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{arguments} is not ready: {self.text()}")
            time.sleep(0.02)

    def text(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(WAIT_S)
        finally:
            if self.child.poll() is None:
                self.child.kill()
                self.child.wait()


# 10,000 rows, and a statement over them that has no end.
HUNDRED = "(VALUES " + ", ".join(f"({n})" for n in range(100)) + ")"
MANY = f"SELECT a.n * 100 + b.n AS n FROM {HUNDRED} a (n), {HUNDRED} b (n)"
ENDLESS = "SELECT count(*) FROM many a, many b, many c WHERE a.n + b.n + c.n < 0"


class Master(CliCase):
    @classmethod
    def setUpClass(cls):
        logs = tempfile.mkdtemp(prefix="weft-cli-")
        cls.addClassCleanup(shutil.rmtree, logs)
        cls.logs = logs
        cls.master = cls.start_coordinator().ready.group(1)
        for _ in range(2):
            cls.start_worker(cls.master)

    @classmethod
    def start(cls, arguments, pattern):
        process = Process(arguments, tempfile.mkdtemp(dir=cls.logs), pattern)
        cls.addClassCleanup(process.stop)
        return process

    @classmethod
    def start_coordinator(cls):
        arguments = ["coordinator", "--port", "0", "--webui-port", "0"]
        return cls.start(arguments, r"ready at (weft://[0-9.]+:\d+)")

    @classmethod
    def start_worker(cls, master):
        return cls.start(["worker", master, "--port", "0", "--cores", "1"], r"ready, worker (\d+) of")

    def both(self, *arguments, stdin=""):
        """The same in this process and on the cluster; the times that closing lines tell are left out."""
        done = [
            self.run_weft("sql", *arguments, stdin=stdin, environment={"WEFT_MASTER": master})
            for master in ("local[2]", self.master)
        ]
        self.assertEqual(done[0].returncode, done[1].returncode, done[1].stderr)
        self.assertEqual(done[0].stdout, done[1].stdout)
        shown = [re.sub(r"\d+\.\d+ seconds", "T seconds", d.stderr) for d in done]
        self.assertEqual(shown[0], shown[1])
        return done[1]

    def test_looks_the_same(self):
        statements = (
            "SELECT 1 AS a, 'x' AS b; SET spark.sql.ansi.enabled=false; SELECT 1/0; SHOW TABLES; "
            "CREATE TEMP VIEW v AS SELECT explode(array(3, 1, 2)) AS n; EXPLAIN SELECT 1; "
        )
        for name in ("table", "csv", "json"):
            self.both("-e", statements + "SELECT n FROM v ORDER BY n DESC", "--format", name)
        self.both("-e", statements + "SELECT n,\n nothing FROM v")
        self.both("-e", "SELECT 'an error'; SELECT\n\n  cast('x' AS int)")
        self.both(stdin="SELECT 1;\nSELECT 2\n;\nSELECT nothing;\nSELECT 3;\n")
        self.both("-f", self.write("script.sql", "SELECT 1;\n-- a comment\nSELECT 2"), "-S")
        self.both("-e", "SELECT 1", "--conf", "weft.sql.session.timeZone=Mars/Olympus")
        self.both("-f", self.path("nothing.sql"))

    def test_output_files(self):
        data = self.path("data")
        query = f"SELECT n, concat('value ', n) AS s FROM ({MANY})"
        for name in ("csv", "parquet"):
            out = self.path("rows." + name)
            arguments = ["-e", query, "--format", name, "--output", out]
            done = self.run_weft("sql", "--master", self.master, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Fetched 10000 row(s)", done.stderr)
        text = f"""CREATE TEMP VIEW v USING parquet OPTIONS (path '{self.path("rows.parquet")}');
            INSERT OVERWRITE DIRECTORY '{data}' USING parquet SELECT * FROM v"""
        done = self.run_weft("sql", "--master", self.master, "-e", text)
        self.assertEqual(done.returncode, 0, done.stderr)
        counted = f"""CREATE TEMP VIEW v USING parquet OPTIONS (path '{data}');
            SELECT count(*) AS n, count(DISTINCT s) AS d FROM v"""
        self.assertEqual(self.rows(counted), "n,d\n10000,10000\n")

    def test_submit(self):
        good = self.write("good.sql", "CREATE TEMP VIEW v AS SELECT 7 AS n; SELECT n FROM v;")
        bad = self.write("bad.sql", "SELECT 1;\nSELECT\n  1 / 0;\nSELECT 2")
        done = self.run_weft("submit", "--master", self.master, "--json", "--format", "csv", good, bad)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "n\n7\n1\n1\n")
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual([line["statement"] for line in lines], [1, 2, 3, 4])
        self.assertEqual([line["status"] for line in lines], ["succeeded"] * 3 + ["failed"])
        self.assertEqual(lines[1]["rows"], 1)
        self.assertEqual(lines[3]["error_class"], "DIVIDE_BY_ZERO")
        self.assertEqual((lines[3]["line"], lines[3]["column"]), (2, 3))
        done = self.run_weft("submit", "--master", self.master)
        self.fails(done, 2, "a file of statements is missing")

    def test_interrupt(self):
        """Ctrl-C at a terminal: the statement ends, and the shell goes on."""
        child, terminal = pty.fork()
        if child == 0:
            os.environ["HOME"] = self.folder
            os.execv(WEFT, [WEFT, "sql", "--master", self.master])
        seen = b""

        def read_until(text):
            nonlocal seen
            end = time.monotonic() + WAIT_S
            while text not in seen:
                self.assertLess(time.monotonic(), end, seen[-2000:])
                if select.select([terminal], [], [], 0.1)[0]:
                    seen += os.read(terminal, 65536)
            seen = seen[seen.index(text) + len(text) :]

        try:
            read_until(b"weft> ")
            os.write(terminal, f"CREATE TEMP VIEW many AS {MANY};\n".encode())
            read_until(b"Time taken")
            os.write(terminal, f"{ENDLESS};\n".encode())
            read_until(b"[Stage")
            os.write(terminal, b"\x03")
            read_until(b"OPERATION_CANCELED")
            os.write(terminal, b"SELECT 'goes' || ' on';\n")
            read_until(b"|          goes on|")
            os.write(terminal, b"quit\n")
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            child = 0
        finally:
            os.close(terminal)
            if child:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)

    def test_coordinator_goes(self):
        """What ran when the coordinator ended is an error soon, with a name for it."""
        own = self.start_coordinator()
        master = own.ready.group(1)
        worker = self.start_worker(master)
        statements = f"CREATE TEMP VIEW many AS {MANY}; {ENDLESS}"
        arguments = [WEFT, "sql", "--master", master, "-e", statements]
        arguments += ["--conf", "weft.client.returnTimeout=500ms"]
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as client:
            self.assertIn("Time taken", client.stderr.readline())
            time.sleep(0.3)
            own.child.kill()
            text = client.stderr.read()
            self.assertEqual(client.wait(WAIT_S), 1)
        worker.child.kill()  # it would wait for the end of its task
        self.assertIn("[UNREACHABLE]", text)
        self.assertIn(master, text)

    def test_nobody_there(self):
        begun = time.monotonic()
        done = self.run_weft("sql", "--master", "weft://127.0.0.1:1,no-such-host.invalid:2", "-e", "SELECT 1")
        self.fails(done, 1, "[UNREACHABLE]", "weft://127.0.0.1:1 (", "weft://no-such-host.invalid:2 (")
        self.fails(self.run_weft("sql", "--master", "weft://", "-e", "SELECT 1"), 1, "[INVALID_CONF_VALUE]")
        self.fails(self.run_weft("sql", "--master", "cluster", "-e", "SELECT 1"), 2, "weft://HOST:PORT")
        self.assertLess(time.monotonic() - begun, WAIT_S)


if __name__ == "__main__":
    unittest.main()
