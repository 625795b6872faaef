#!/usr/bin/env python3
"""`weft keys`: folders of keys, their permissions, what is never overwritten, what is said to do next."""

import os
import re
import stat
import unittest

from cli_case import CliCase

Z85 = r"[0-9a-zA-Z.:+=^!/*?&<>()\[\]{}@%$#-]{40}"


class Keys(CliCase):
    def keys(self, *arguments, code=0):
        done = self.run_weft("keys", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr if code == 0 else done.stdout, "")
        return done.stdout if code == 0 else done.stderr

    def mode(self, *names):
        return stat.S_IMODE(os.stat(os.path.join(self.folder, *names)).st_mode)

    def text(self, *names):
        with open(os.path.join(self.folder, *names)) as file:
            return file.read()

    def allowed(self):
        return sorted(os.listdir(self.path("k/allowed")))

    def secrets(self):
        return {line.split(" = ")[1] for name in os.listdir(self.path("k")) if ".secret" in name
                for line in self.text("k", name).splitlines() if line.startswith("secret-key")}

    def test_init(self):
        before = os.umask(0)  # whatever the umask is
        try:
            said = self.keys("init", "k", "--user", "ann")
        finally:
            os.umask(before)
        files = ["allowed", "client-ann.secret", "coordinator.secret", "seal.secret", "worker.secret",
                 "zookeeper.secret"]
        self.assertEqual(sorted(os.listdir(self.path("k"))), files)
        self.assertEqual([self.mode("k", name) for name in files], [0o755, 0o600, 0o600, 0o600, 0o600, 0o600])
        self.assertEqual(self.mode("k"), 0o700)
        self.assertEqual([re.sub("-[0-9a-f]{8}", "", name) for name in self.allowed()],
                         ["client-ann.key", "coordinator.key", "worker.key"])
        self.assertEqual({self.mode("k/allowed", name) for name in self.allowed()}, {0o644})
        for part in ("k/coordinator.secret and k/allowed/", "k/worker.secret and k/allowed/",
                     "to the machine of ann:", "k/client-ann.secret and k/allowed/", "--keys"):
            self.assertIn(part, said)
        self.assertRegex(self.text("k", "client-ann.secret"),
                         rf"^role = client\nuser = ann\npublic-key = {Z85}\nsecret-key = {Z85}\n$")
        self.assertRegex(self.text("k/allowed", self.allowed()[2]), rf"^role = worker\npublic-key = {Z85}\n$")
        for secret in self.secrets():
            self.assertNotIn(secret, said)

    def test_the_login_is_the_user(self):
        self.keys("init", "k")
        import pwd

        self.assertIn(f"client-{pwd.getpwuid(os.geteuid()).pw_name}.secret", os.listdir(self.path("k")))

    def test_nothing_is_overwritten(self):
        self.keys("init", "k", "--user", "ann")
        before = {name: self.text("k", name) for name in os.listdir(self.path("k")) if name != "allowed"}
        said = self.keys("init", "k", "--user=bob", code=1)
        self.assertIn("there is a key already: k/coordinator.secret\n", said)
        self.assertIn("weft keys add", said)
        self.assertEqual({name: self.text("k", name) for name in before}, before)
        self.assertNotIn("client-bob.secret", os.listdir(self.path("k")))
        self.assertEqual(len(self.allowed()), 3)

    def test_add_a_user(self):
        self.keys("init", "k", "--user", "ann")
        said = self.keys("add", "k", "client", "--user", "bob")
        self.assertIn("Made k/client-bob.secret, which k/allowed/client-bob-", said)
        self.assertNotIn("older", said)
        self.assertEqual(self.mode("k", "client-bob.secret"), 0o600)
        self.assertEqual(len(self.allowed()), 4)

    def test_rotation_keeps_the_old_one(self):
        self.keys("init", "k", "--user", "ann")
        old = self.text("k", "worker.secret")
        said = self.keys("add", "k", "worker")
        self.assertIn("1 older key of the same kind stays allowed", said)
        kept = [name for name in os.listdir(self.path("k")) if name.endswith(".old")]
        self.assertEqual(len(kept), 1)
        self.assertRegex(kept[0], r"^worker-[0-9a-f]{8}\.secret\.old$")
        self.assertEqual(self.text("k", kept[0]), old)
        self.assertEqual(self.mode("k", kept[0]), 0o600)
        self.assertNotEqual(self.text("k", "worker.secret"), old)
        self.assertEqual(len([name for name in self.allowed() if name.startswith("worker-")]), 2)
        self.assertIn("2 older keys of the same kind stay allowed", self.keys("add", "k", "worker"))
        self.assertEqual(len(self.secrets()), 5)

    def test_secrets_of_zookeeper(self):
        self.keys("init", "k", "--user", "ann")
        key = self.text("k", "seal.secret")
        self.assertRegex(key, r"^key = [0-9a-f]{64}\n$")
        self.assertRegex(self.text("k", "zookeeper.secret"), r"^user = weft\npassword = [0-9a-f]{32}\n$")
        said = self.keys("add", "k", "seal")
        self.assertIn("Made a key in k/seal.secret, which now has 2.\n", said)
        self.assertRegex(self.text("k", "seal.secret"), r"^key = [0-9a-f]{64}\n" + key + "$")  # it seals
        self.assertEqual(self.mode("k", "seal.secret"), 0o600)
        for _ in range(10):  # the oldest go
            said = self.keys("add", "k", "seal")
        self.assertIn("which now has 8.\n", said)
        self.assertEqual(len(self.text("k", "seal.secret").splitlines()), 8)
        login = self.text("k", "zookeeper.secret")
        said = self.keys("add", "k", "zookeeper", code=1)
        self.assertIn("there is a key already: k/zookeeper.secret\n", said)
        self.assertEqual(self.text("k", "zookeeper.secret"), login)
        os.remove(self.path("k/zookeeper.secret"))  # a folder of an older version
        os.remove(self.path("k/seal.secret"))
        self.assertIn("Made k/zookeeper.secret", self.keys("add", "k", "zookeeper"))
        self.assertIn("which now has 1.\n", self.keys("add", "k", "seal"))
        self.assertNotEqual(self.text("k", "zookeeper.secret"), login)
        os.chmod(self.path("k/seal.secret"), 0o644)
        self.assertIn("can be read by others", self.keys("add", "k", "seal", code=1))
        for word in re.findall("[0-9a-f]{32,}", login + key):
            self.assertNotIn(word, said)

    def test_list(self):
        self.keys("init", "k", "--user", "ann")
        self.keys("add", "k", "worker")
        lines = self.keys("list", "k").splitlines()
        self.assertEqual([line.split()[:2] for line in lines],
                         [["ROLE", "USER"], ["coordinator", "-"], ["worker", "-"], ["worker", "-"],
                          ["client", "ann"]])
        self.assertEqual([line.split()[5:] for line in lines[1:]],
                         [["coordinator.secret"], ["worker.secret"], [], ["client-ann.secret"]])
        for secret in self.secrets():
            self.assertNotIn(secret, "\n".join(lines))

    def test_wrong_usage(self):
        for arguments, what in (
            ([], "init, add or list?"),
            (["make", "k"], "there is no command: make"),
            (["init"], "init takes one folder"),
            (["add", "k"], "add takes a folder and a role"),
            (["add", "k", "king"], "the role is coordinator, worker or client, not: king"),
            (["add", "k", "client"], "a client key needs --user NAME"),
            (["add", "k", "worker", "--user", "x"], "--user is for client keys, not for role: worker"),
            (["add", "k", "seal", "--user", "x"], "--user is for client keys, not for: seal"),
            (["list", "k", "l"], "list takes one folder"),
            (["list", "k", "--user", "x"], "list takes no --user"),
            (["init", "k", "--user"], "--user misses its value"),
            (["init", "k", "--usr", "x"], "unknown option: --usr"),
            (["a", "b", "c", "d"], "one argument too many: d"),
        ):
            self.assertEqual(self.keys(*arguments, code=2), f"weft keys: {what}\nTry 'weft keys --help'.\n")
        self.assertEqual(os.listdir(self.folder), [])

    def test_errors(self):
        self.assertIn("'../x' cannot be a user", self.keys("init", "k", "--user", "../x", code=1))
        self.assertIn("k is no key folder", self.keys("add", "k", "worker", code=1))
        self.assertIn("cannot read the key folder k/allowed", self.keys("list", "k", code=1))
        self.assertIn("cannot make the key folder", self.keys("init", "/proc/k", "--user", "x", code=1))
        self.keys("init", "k", "--user", "ann")
        self.write("k/allowed/odd.key", "role = worker\n")
        self.assertIn("k/allowed/odd.key has no 'public-key = KEY'", self.keys("list", "k", code=1))
        os.remove(self.path("k/allowed/odd.key"))
        os.chmod(self.path("k/worker.secret"), 0o644)
        said = self.keys("list", "k", code=1)
        self.assertIn("can be read by others (mode 644)\nchmod 600 k/worker.secret\n", said)

    def test_help(self):
        self.assertIn("weft keys init DIR", self.keys("--help"))
        self.assertEqual(self.run_weft("help", "keys").stdout, self.keys("--help"))
        self.assertIn("weft: there is no command 'kyes'", self.run_weft("help", "kyes").stderr)


if __name__ == "__main__":
    unittest.main()
