#!/usr/bin/env python3
"""The units of deploy/systemd: systemd finds nothing wrong with them, they are well shut in, and what they
start does what they count on: the settings files are understood, SIGHUP opens the log anew, SIGTERM ends
with 0 long before the deadline of the unit."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "cluster"))
from cluster import WEFT, Process, until  # noqa: E402

UNITS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "deploy", "systemd")
NAMES = ("weft-coordinator.service", "weft-worker.service")
EXPOSURE_MOST = 20  # tenths, of systemd-analyze security: below 2.0 of 10
ANALYZE = shutil.which("systemd-analyze")


@unittest.skipIf(ANALYZE is None, "systemd-analyze is not installed")
class Syntax(unittest.TestCase):
    def setUp(self):
        """A root folder with the units, systemd's own, and something that can be executed."""
        scratch = tempfile.TemporaryDirectory(prefix="weft-units-")
        self.addCleanup(scratch.cleanup)
        self.root = scratch.name
        self.units = os.path.join(self.root, "etc", "systemd", "system")
        os.makedirs(self.units)
        for name in ("usr/bin/weft", "bin/kill"):
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n")
            os.chmod(path, 0o755)
        own = os.path.join(self.root, "lib", "systemd", "system")
        shutil.copytree("/lib/systemd/system", own, symlinks=True)
        for name in NAMES:
            shutil.copy(os.path.join(UNITS, name), self.units)

    def verify(self):
        words = [ANALYZE, "verify", f"--root={self.root}", *NAMES]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_nothing_is_wrong(self):
        self.assertEqual(self.verify(), (0, ""))

    def test_canary(self):
        """A wrong line would have been seen."""
        with open(os.path.join(self.units, NAMES[0]), "a", encoding="ascii") as file:
            file.write("[Service]\nRestrt=on-failure\n")
        self.assertIn("Restrt", self.verify()[1])

    def test_shut_in(self):
        for name in NAMES:
            words = [ANALYZE, "security", "--offline=true", f"--threshold={EXPOSURE_MOST}"]
            words += [os.path.join(UNITS, name)]
            done = subprocess.run(words, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout[-200:] + done.stderr)


class Started(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="weft-units-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def unit(self, name):
        with open(os.path.join(UNITS, f"weft-{name}.service"), encoding="utf-8") as file:
            return file.read()

    def start(self, name, *settings):
        """The command of the unit with its settings file; folders and ports are the test's."""
        command = re.search(r"^ExecStart=/usr/bin/weft (.*)$", self.unit(name), re.M).group(1)
        words = command.replace("/etc/weft/", UNITS + "/").split()
        folder = os.path.join(self.folder, name)
        settings = (*settings, f"weft.work.dir={folder}/work", f"weft.log.file={folder}/log")
        for setting in settings:
            words += ["--conf", setting]
        process = Process(name, [WEFT, *words], self.folder)
        self.addCleanup(lambda: process.kill() if process.alive else None)
        return process

    def log_is_opened_anew(self, process):
        os.rename(process.log, process.log + ".old")
        process.send(signal.SIGHUP)
        until(lambda: os.path.exists(process.log), f"new log of the {process.name}")

    def test_coordinator_and_worker(self):
        coordinator = self.start(
            "coordinator", "weft.coordinator.port=0", "weft.coordinator.webuiPort=0"
        )
        found = until(lambda: re.search(r"ready at (weft://\S+),", coordinator.text()), "ready line")
        worker = self.start(
            "worker",
            f"weft.worker.master={found.group(1)}",
            "weft.worker.port=0",
            "weft.worker.webuiPort=0",
        )
        until(lambda: "registered" in worker.text(), "registration")
        for process in (coordinator, worker):
            self.log_is_opened_anew(process)
        for process in (worker, coordinator):
            self.assertEqual(process.end(), 0, process.text())
            deadline = re.search(r"^TimeoutStopSec=(\d+)s$", self.unit(process.name), re.M)
            self.assertGreaterEqual(int(deadline.group(1)), 20)  # a worker's tasks get ten

    def test_wrong_settings_are_not_tried_again(self):
        process = self.start("coordinator", "weft.coordinator.prot=1")
        code = until(lambda: process.child.poll(), "end")
        self.assertIn(f"RestartPreventExitStatus={code}\n", self.unit("coordinator"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
