#!/usr/bin/env python3
"""The shell on a terminal: prompts, history, Ctrl-C during a statement and at the prompt, progress."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
import unittest

from cli_case import WEFT, CliCase

IUTF8 = 0o40000  # of termios, which does not name it
# Runs for minutes: 8e12 pairs that no key narrows.
LONG = "select count(*) from big a, big b, big c where a.x + b.x + c.x < 0"
BIG = "create temporary view big as select x.a * 1000 + y.a * 10 + z.a as x from d x, d y, d z"
DIGITS = (
    "create temporary view d as select * from values " + ", ".join(f"({i})" for i in range(30)) + " as t(a)"
)


class Terminal:
    """A child on a pseudo-terminal, which is its stdin, stdout and stderr."""

    def __init__(self, folder, *arguments):
        self.master, slave = pty.openpty()
        modes = termios.tcgetattr(slave)
        modes[0] |= IUTF8  # as real terminals have it: what is typed before the editor listens is edited too
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        self.child = subprocess.Popen(
            [WEFT, "sql", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, "HOME": folder, "TERM": "dumb"},
            start_new_session=True,
            preexec_fn=self._control,
        )
        os.close(slave)
        self.seen = ""

    @staticmethod
    def _control():
        import fcntl

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text, seconds=20, start=0):
        """The position after `text` in what was seen, at or after start."""
        end = time.monotonic() + seconds
        while text not in self.seen[start:]:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {text!r} in {self.seen[start:]!r}")
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
                except OSError:  # the child closed its side
                    if text not in self.seen[start:]:
                        raise AssertionError(f"ended without {text!r}: {self.seen[start:]!r}") from None
        return self.seen.index(text, start) + len(text)

    def end_of_input(self, seconds=20):
        """Press Ctrl-D until the child has left. The prompt shows a moment before the line editor takes the
        terminal over; a Ctrl-D in between reaches it as a zero byte in the line, hence Ctrl-U first."""
        end = time.monotonic() + seconds
        while self.child.poll() is None and time.monotonic() < end:
            self.type("\x15\x04")
            try:
                self.child.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        return self.child.wait(1)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.master)


class Shell(CliCase):
    def open(self, *arguments):
        terminal = Terminal(self.folder, *arguments)
        self.addCleanup(terminal.close)
        return terminal

    def test_statements_and_leaving(self):
        t = self.open("--format", "csv")
        t.wait_for("weft> ")
        t.type("select 40 + 2 as answer;\n")
        at = t.wait_for("answer\n42\n")
        at = t.wait_for("Fetched 1 row(s)", start=at)
        at = t.wait_for("weft> ", start=at)
        t.type("select\n")
        at = t.wait_for("    > ", start=at)
        t.type("7 as b;\n")
        at = t.wait_for("b\n7\n", start=at)
        at = t.wait_for("weft> ", start=at)
        t.type("select nope;\n")
        at = t.wait_for("[UNRESOLVED_COLUMN", start=at)
        at = t.wait_for("weft> ", start=at)
        t.type("quit\n")
        self.assertEqual(t.child.wait(10), 0)

    def test_history_is_kept(self):
        t = self.open("--format", "csv")
        t.wait_for("weft> ")
        t.type("select 1 as kept;\n")
        t.wait_for("kept\n1\n")
        t.type("quit;\n")
        self.assertEqual(t.child.wait(10), 0)
        with open(self.path(".weft_history")) as file:
            self.assertIn("kept", file.read())
        t = self.open("--format", "csv")
        at = t.wait_for("weft> ")
        time.sleep(0.3)  # as above
        t.type("\x10\n")  # Ctrl-P: the line before this one (quit is none)
        t.wait_for("weft> ", start=t.wait_for("kept\n1\n", start=at))
        self.assertEqual(t.end_of_input(), 0)

    def test_interrupt_of_a_statement(self):
        t = self.open("--format", "csv")
        t.wait_for("weft> ")
        t.type(f"{DIGITS}; {BIG};\n")
        at = t.wait_for("Time taken", start=t.wait_for("Time taken"))
        at = t.wait_for("weft> ", start=at)
        for _ in range(2):  # the shell lives on, and can be interrupted again
            t.type(LONG + ";\n")
            at = t.wait_for("[Stage", start=at)  # progress shows: it runs
            began = time.monotonic()
            t.type("\x03")
            at = t.wait_for("[OPERATION_CANCELED]", start=at)
            took = time.monotonic() - began
            self.assertLess(took, 0.5)  # 0.1 s on a quiet machine
            at = t.wait_for("weft> ", start=at)
        t.type("select 1 as alive;\n")
        t.wait_for("alive\n1\n", start=at)

    def test_interrupt_at_the_prompt_drops_what_was_typed(self):
        t = self.open("--format", "csv")
        at = t.wait_for("weft> ")
        t.type("select 1 as a,\n")
        at = t.wait_for("    > ", start=at)
        t.type("nonsense nonsense")
        at = t.wait_for("nonsense nonsense", start=at)
        t.type("\x03")
        at = t.wait_for("weft> ", start=at)
        t.type("select 2 as b;\n")
        at = t.wait_for("b\n2\n", start=at)

    def test_interrupts_at_any_moment_of_a_prompt(self):
        """The prompt shows a moment before the line editor listens: Ctrl-C counts before and after that."""
        t = self.open("--format", "csv")
        at = t.wait_for("weft> ")
        for i in range(30):
            t.type("nonsense\n")
            at = t.wait_for("    > ", start=at)
            time.sleep(i * 0.00005)
            t.type("\x03")
            at = t.wait_for("weft> ", start=at)
        t.type("select 3 as c;\n")
        at = t.wait_for("c\n3\n", start=at)

    def test_characters_of_any_language(self):
        t = self.open("--format", "csv")
        at = t.wait_for("weft> ")
        t.type("select 'gr\u00fcn' || '\u6f22\U0001f600x' as d;\n")
        at = t.wait_for("d\ngr\u00fcn\u6f22\U0001f600x\n", start=at)
        at = t.wait_for("weft> ", start=at)
        t.type("select '\u00fc\u00e9\x7f\x7f' as empty, 'end' as e;\n")  # a backspace takes a whole character
        t.wait_for('empty,e\n"",end\n', start=at)

    def test_interrupt_of_a_script(self):
        t = self.open("-e", f"{DIGITS}; {BIG}; {LONG}; select 1 as never", "--format", "csv")
        t.wait_for("[Stage")
        t.type("\x03")
        t.wait_for("[OPERATION_CANCELED]")
        self.assertEqual(t.child.wait(10), 130)
        self.assertNotIn("never\n", t.seen)

    def test_interrupt_by_signal(self):
        child = subprocess.Popen(
            [WEFT, "sql", "-S", "-e", f"{DIGITS}; {BIG}; {LONG}"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(1)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertEqual((child.returncode, out), (130, ""))
        self.assertIn("[OPERATION_CANCELED]", err)
        self.assertNotIn("[Stage", err)  # no progress where stderr is no terminal


if __name__ == "__main__":
    unittest.main()
