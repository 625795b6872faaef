"""What the tests of the program share: run it, look at its streams."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
WEFT = os.path.abspath(os.environ.get("WEFT", os.path.join(HERE, "..", "..", "build", "release", "weft")))


class CliCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weft-cli-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def run_weft(self, *arguments, stdin="", environment=None, timeout=60, before=None):
        """The finished process: returncode, stdout, stderr as text. before: what the child calls first."""
        variables = {**os.environ, "HOME": self.folder, **(environment or {})}
        variables.pop("WEFT_MASTER", None) if environment is None else None
        return subprocess.run(
            [WEFT, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=variables,
            timeout=timeout,
            preexec_fn=before,
        )

    def sql(self, text, *arguments, **keywords):
        return self.run_weft("sql", "-e", text, *arguments, **keywords)

    def rows(self, text, *arguments):
        done = self.sql(text, "-S", "--format", "csv", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def fails(self, done, code, *parts):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        for part in parts:
            self.assertIn(part, done.stderr)
