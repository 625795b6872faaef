#!/usr/bin/env python3
"""The roles of deploy/ansible pass ansible-lint. That they install a cluster: install.py."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tools  # noqa: E402


class Lint(unittest.TestCase):
    def lint(self, *names, extra=""):
        """Of a copy, as it leaves folders behind; extra: the text of a file extra.yml in it."""
        path = os.path.join(tools.VENV, "bin") + os.pathsep + os.environ["PATH"]
        with tempfile.TemporaryDirectory(prefix="weft-ansible-") as folder:
            copy = os.path.join(folder, "deploy")
            shutil.copytree(tools.DEPLOY, copy)
            with open(os.path.join(copy, "ansible", "extra.yml"), "w", encoding="utf-8") as file:
                file.write(extra)
            environment = {**os.environ, "PATH": path, "ANSIBLE_HOME": os.path.join(folder, "home")}
            words = ["ansible-lint", "--offline", "--nocolor", *names]
            done = subprocess.run(
                words,
                cwd=os.path.join(copy, "ansible"),
                capture_output=True,
                text=True,
                env=environment,
                stdin=subprocess.DEVNULL,
            )
        return done.returncode, done.stdout + done.stderr

    def test_lint(self):
        code, said = self.lint("site.yml", "roles")
        self.assertEqual(code, 0, said)

    @unittest.skipIf("WEFT_DEPLOY_ALL" not in os.environ, "takes its seconds in tests/deploy/run")
    def test_canary(self):
        code, said = self.lint("extra.yml", extra="---\n- hosts: all\n  tasks: []\n")
        self.assertNotEqual(code, 0)
        self.assertIn("name[", said)


if __name__ == "__main__":
    tools.in_venv("ansible-lint")
    unittest.main(verbosity=2)
