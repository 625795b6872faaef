"""Recognisable secrets are planted wherever one can be given. Then all that processes write and show is
searched for them: nodes of ZooKeeper, logs at debug level, pages, documents, metrics, command lines,
environments, files, messages. And a stranger tries every verb on every node."""

import os
import re
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
from cluster import PATIENCE_S, WEFT, Process, until
from leaders import OPENER, Leaders
from support import zookeeper
from support.znodes import NOT_EMPTY, Failed, Refused, Session

TOKEN = "planted-http-token-7c1f"
PLANTED = {  # by where they are given
    "a file of settings": "planted-conf-91ab",
    "the environment": "planted-environment-55d0",
    "a SET": "planted-set-c27e",
    "a statement": "planted-statement-8e3b",
    "options": "planted-option-0f6a",
}
MARK = "seen_by_all"
ROUTES = """/ /healthz /readyz /metrics /json/ /api/v1/version /api/v1/cluster /api/v1/workers /api/v1/jobs
/api/v1/logs /api/v1/applications""".split()
OF_APPLICATION = ("", "/jobs", "/stages", "/executors", "/allexecutors", "/environment")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        OPENER.addheaders.append(("Authorization", f"Bearer {TOKEN}"))
        cls.cluster = cluster = Leaders(worker_args=["--log-level", "debug", "--webui-port", "0"])
        cls.addClassCleanup(cls.cluster.close)
        cls.given = os.path.join(cluster.folder, "given")  # where secrets may be, as keys
        os.makedirs(cls.given)
        token, conf = (
            os.path.join(cls.given, "token"),
            os.path.join(cls.given, "weft.conf"),
        )
        for path, text in (
            (token, TOKEN + "\n"),
            (conf, f"spark.hadoop.fs.s3a.secret.key {PLANTED['a file of settings']}\n"),
        ):
            with open(
                path,
                "w",
                encoding="ascii",
                opener=lambda name, how: os.open(name, how, 0o600),
            ) as file:
                file.write(text)
        common = ["--token-file", token, "--properties-file", conf]
        cluster.coordinator_args += ["--log-level", "debug", *common]
        cluster.worker_args += common
        os.environ["AWS_SECRET_ACCESS_KEY"] = PLANTED["the environment"]
        cls.addClassCleanup(os.environ.pop, "AWS_SECRET_ACCESS_KEY")
        cluster.start()
        cluster.start_worker()
        cls.needles = cls.list_needles()
        cls.said = cls.work()

    @classmethod
    def list_needles(cls):
        """name → bytes. What a key file holds counts also as the bytes that it stands for."""
        needles = {name: text.encode() for name, text in PLANTED.items()}
        needles["the HTTP token"] = TOKEN.encode()
        for name in os.listdir(cls.cluster.keys):
            if not name.endswith(".secret"):
                continue
            for key, value in re.findall(rb"(?m)^(\S+) = (\S+)$", read(os.path.join(cls.cluster.keys, name))):
                if key in (b"secret-key", b"key", b"password"):
                    needles[name] = value
                    if key == b"key":
                        needles[f"{name}, its bytes"] = bytes.fromhex(value.decode())
        assert len(needles) == len(PLANTED) + 7, needles.keys()
        return needles

    @classmethod
    def work(cls):
        """Statements with secrets, one of them on record, over a leader that is killed; what was said."""
        cluster, said = cls.cluster, []
        events = os.path.join(cluster.folder, "events.jsonl")
        option = f"OPTIONS (path '/nowhere', password '{PLANTED['options']}')"
        for text in (
            f"SET my.password = {PLANTED['a SET']}",
            f"CREATE TEMPORARY VIEW v USING parquet {option}",
            f"SELECT no_such_column AS {MARK} WHERE 'api.token' = '{PLANTED['a statement']}'",
        ):
            said.append(cluster.sql([text]).stderr)
        slow = (
            f"SET weft.eventLog.path = {events}; SET weft.test.taskDelay = 3s; "
            f"SELECT count(*) AS {MARK} FROM VALUES (1) AS t(x) "
            f"WHERE 'api.token' = '{PLANTED['a statement']}' OR x = 1"
        )
        client = cluster.client(slow)
        leader = cluster.leader()
        until(lambda: cls.kinds("JOB-"), "record of a job")
        cluster.coordinators[leader].kill()
        assert client.child.wait(PATIENCE_S) == 0, client.text()
        cluster.start_coordinator(leader)
        cluster.until_state(leader, "STANDBY")
        others = os.path.join(cls.given, "others")
        subprocess.run([WEFT, "keys", "init", others], check=True, stdout=subprocess.DEVNULL)
        words = [
            WEFT,
            "coordinator",
            "--keys",
            others,
            "--port",
            "0",
            "--webui-port",
            "0",
            "--log-level",
            "debug",
        ]
        stranger = Process(
            "stranger",
            [*words, "--zookeeper", cluster.zookeeper.address],
            cluster.folder,
        )
        cluster.clients.append(stranger)
        until(lambda: "another user" in stranger.text(), "refusal of another's nodes")
        return said

    @classmethod
    def session(cls, login=True):
        words = dict(re.findall(r"(\S+) = (\S+)", read(f"{cls.cluster.keys}/zookeeper.secret").decode()))
        login = f"{words['user']}:{words['password']}" if login is True else login
        return Session("127.0.0.1", cls.cluster.zookeeper.ports[0], login)

    @classmethod
    def nodes(cls):
        with cls.session() as zk:
            return dict(zk.walk("/weft"))

    @classmethod
    def kinds(cls, begin):
        """Nodes of records whose last name begins so: KIND-NUMBER."""
        return [path for path in cls.nodes() if "/journal/" in path and path.split("/")[-1].startswith(begin)]

    def search(self, where, content):
        for name, needle in self.needles.items():
            self.assertNotIn(needle, content, f"the secret of {name} stands in {where}")

    def pids(self):
        cluster = self.cluster
        processes = [*cluster.coordinators, *cluster.workers, *cluster.clients]
        return [p.pid for p in processes if p.alive] + [p.pid for p in cluster.zookeeper.processes]

    # -- the searches --

    def test_the_search_finds_what_is_there(self):
        kept = b"".join(
            read(os.path.join(folder, name))
            for top in (self.cluster.keys, self.given)
            for folder, _, names in os.walk(top)
            for name in names
        )
        for name in self.needles:
            if name in (
                "a SET",
                "a statement",
                "options",
                "the environment",
                "seal.secret, its bytes",
            ):
                continue
            with self.assertRaises(AssertionError, msg=name):
                self.assertNotIn(self.needles[name], kept)
        self.assertGreater(len(self.kinds("")), 5)

    def test_nodes(self):
        for path, value in self.nodes().items():
            self.search(path, path.encode() + value)

    def test_files(self):
        """Logs, outputs, work folders, the event log, ZooKeeper's own files."""
        searched = set()
        for folder, names, files in os.walk(self.cluster.folder):
            names[:] = [
                name for name in names if os.path.join(folder, name) not in (self.cluster.keys, self.given)
            ]
            for name in files:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    continue
                searched.add(os.path.relpath(path, self.cluster.folder))
                self.search(path, read(path))
        for wanted in (
            "events.jsonl",
            "worker1/log",
            "coordinator1.1/log",
            "zookeeper-1/log",
            "stranger/output",
        ):
            self.assertIn(wanted, searched)
        self.assertTrue(any("/version-2/log." in path for path in searched), searched)
        logs = b"".join(
            read(os.path.join(self.cluster.folder, path)) for path in searched if path.endswith("/log")
        )
        self.assertIn(b"config_key_ignored", logs)
        self.assertIn(b"attempt_begins", logs)

    def test_command_lines_and_environments(self):
        needles = dict(self.needles)
        for pid in self.pids():
            self.search(f"the command line of {pid}", read(f"/proc/{pid}/cmdline"))
            environment = read(f"/proc/{pid}/environ")
            self.assertIn(needles["the environment"], environment)  # where it was given
            self.search(
                f"the environment of {pid}",
                environment.replace(needles["the environment"], b""),
            )

    def pages(self, port):
        """(path, body) of all that there is."""
        paths = list(ROUTES)
        jobs = self.get(port, "/api/v1/jobs").decode()
        for job in re.findall(r'"id":"?(\d+)', jobs):
            paths += [f"/jobs/{job}", f"/api/v1/jobs/{job}"]
        for application in re.findall(r'"id":"([^"]+)"', self.get(port, "/api/v1/applications").decode()):
            paths += [f"/api/v1/applications/{application}{rest}" for rest in OF_APPLICATION]
        return [(path, self.get(port, path)) for path in paths]

    def get(self, port, path):
        try:
            with OPENER.open(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
                return str(answer.headers).encode() + answer.read()
        except urllib.error.HTTPError as error:
            return str(error.headers).encode() + error.read()

    def test_pages(self):
        ports = [port for _, port in self.cluster.ports]
        log = self.cluster.workers[0].text()
        ports.append(int(re.search(r"http_started host=\S+ port=(\d+)", log).group(1)))
        everything = b""
        for port in ports:
            for path, body in self.pages(port):
                self.search(f"{port}{path}", body)
                everything += body
        for shown in (
            MARK,
            "(redacted)",
            "weft_jobs_running",
            "sparkProperties",
            "registered",
        ):
            self.assertIn(shown.encode(), everything)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/api/v1/jobs", timeout=PATIENCE_S)
        self.assertEqual(refused.exception.code, 401)
        self.search(
            "the refusal",
            refused.exception.read() + str(refused.exception.headers).encode(),
        )

    def test_messages(self):
        """A client is told of its own statement, not of anybody's keys; SET takes any key, as in Spark."""
        self.assertEqual(["[" in text for text in self.said], [False, True, True], self.said)
        for name in self.needles:
            if name not in ("a statement",):
                self.assertNotIn(self.needles[name], "".join(self.said).encode(), name)

    def test_a_command_of_a_statement_is_not_run(self):
        """It could read the worker's key."""
        left = os.path.join(self.cluster.folder, "left")
        command = f"cat {self.cluster.keys}/worker.secret; touch {left}"
        called = self.cluster.sql([f"SELECT TRANSFORM (1) USING '{command}' AS (line)"])
        self.assertIn("[SCRIPT_TRANSFORMATION_DISABLED]", called.message)
        self.assertFalse(os.path.exists(left))

    # -- strangers --

    def test_a_stranger_can_nothing(self):
        before = self.nodes()
        self.assertGreater(len(before), 8)
        tried = 0
        for login in (None, "weft:a-wrong-password"):
            with self.session(login) as zk:
                for path in before:
                    for verb in (
                        lambda: zk.get(path),
                        lambda: zk.children(path),
                        lambda: zk.set(path, b"x"),
                        lambda: zk.set_acl(path),
                        lambda: zk.create(f"{path}/x", b"x"),
                    ):
                        self.assertRaises(Refused, verb)
                        tried += 1
                    with self.assertRaises(Failed) as failed:
                        zk.delete(path)
                    if path != "/weft":  # what is above it is everybody's
                        self.assertIsInstance(failed.exception, Refused)
                    else:
                        self.assertEqual(failed.exception.code, NOT_EMPTY)
        self.assertEqual(tried, len(before) * 10)
        self.assertEqual(self.nodes(), before)
        called = self.cluster.sql(["SELECT 1"])
        self.assertEqual(called.code, 0, called.message)


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
