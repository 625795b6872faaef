#!/usr/bin/env python3
"""`weft status`, `health`, `jobs`, `workers`, `cancel` and `logs` against an HTTP port with a made-up
cluster behind it: tables, JSON, exit codes, tokens, TLS. Also the port itself as other tools see it: TLS,
addresses off the loopback, slow and many clients, and that docs/monitoring.md names every metric and
address."""

import base64
import concurrent.futures
import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request
import warnings

from cli_case import HERE, CliCase

TOOL = os.environ.get(
    "WEFT_HTTP_TOOL", os.path.join(HERE, "..", "..", "build", "release", "tests", "cli", "http_tool")
)
TOKEN = "open-sesame-open-sesame"
DAEMONS = "weft.master weft://10.0.0.1:7077\nweft.log.level warn\nweft.keys.dir none\nweft.work.dir work\n"
DOCS = os.path.join(HERE, "..", "..", "docs", "monitoring.md")


class Served:
    """A running http_tool; ended when the test is."""

    def __init__(self, case, *arguments, host="127.0.0.1"):
        self.child = subprocess.Popen(
            [TOOL, host, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=case.folder,
        )
        case.addCleanup(self.close)
        line = self.child.stdout.readline()
        case.assertTrue(line.strip().isdigit(), self.child.stderr.read() if not line else line)
        self.port = int(line)
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self):
        """What it says at its end; it must end well."""
        if self.child is None:
            return ""
        out, err = self.child.communicate(timeout=60)
        code, self.child = self.child.returncode, None
        if code != 0 or err:
            raise AssertionError(f"http_tool ended with {code}: {err}")
        return out

    def get(self, path, **headers):
        request = urllib.request.Request(self.url + path, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class StandsBy:
    """What a coordinator that stands by answers, on another address and the port of the one that leads."""

    def __init__(self, leader, ready_after):
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                asked.append(f"{self.command} {self.path}")
                if self.path == "/readyz":
                    self.send_response(503 if asked.count("GET /readyz") <= ready_after else 200)
                else:
                    self.send_response(307)
                    self.send_header("Location", leader.url + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815: as the base has them

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.2", leader.port), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class StatusCase(CliCase):
    def serve(self, *arguments, **keywords):
        return Served(self, *arguments, **keywords)

    def token(self, text=TOKEN, mode=0o600):
        path = self.write("token", text + "\n")
        os.chmod(path, mode)
        return path

    def certificate(self):
        """A self-signed certificate of 127.0.0.1, and its key."""
        if shutil.which("openssl") is None:
            self.skipTest("openssl is not installed")
        certificate, key = self.path("cert.pem"), self.path("key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            + ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=weft test"]
            + ["-addext", "subjectAltName=IP:127.0.0.1"],
            check=True,
            capture_output=True,
        )
        os.chmod(key, 0o600)
        return certificate, key


class Commands(StatusCase):
    def test_status(self):
        served = self.serve()
        done = self.run_weft("status", "--url", served.url)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(
            "Cluster  demo <cluster> at weft://10.0.0.1:7077, version 0.1.0, epoch 3, leads", done.stdout
        )
        self.assertIn("Workers  2 alive, 1 silent, 1 lost since the start", done.stdout)
        self.assertIn("Jobs     1 running; 20 succeeded, 2 failed, 1 cancelled", done.stdout)
        self.assertIn("Bytes    5.0 GiB read, 1.0 GiB exchanged, 2.0 MiB spilled", done.stdout)
        found = json.loads(self.run_weft("status", "--json", "--url", served.url + "/").stdout)
        self.assertEqual(found["workers"]["slots"], 8)
        self.assertTrue(found["leader"])

    def test_workers(self):
        served = self.serve()
        done = self.run_weft("workers", "--master", "weft://127.0.0.1:7077", "--webui-port", str(served.port))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split()[:4], ["ID", "ADDRESS", "HOST", "STATE"])
        self.assertEqual(len(lines), 5)
        self.assertIn("SILENT", lines[3])
        self.assertRegex(lines[4], r" DEAD .* its connection broke$")
        column = lines[0].index("ADDRESS")
        self.assertTrue(all(line[column:].startswith("10.0.0.") for line in lines[1:]), done.stdout)
        found = json.loads(self.run_weft("workers", "--json", "--url", served.url).stdout)
        self.assertEqual([worker["id"] for worker in found], [1, 2, 3, 4])
        self.assertEqual([worker["state"] for worker in found], ["ALIVE", "ALIVE", "SILENT", "DEAD"])
        self.assertEqual(found[3]["reason"], "its connection broke")
        self.assertIsNotNone(found[3]["ended"])
        self.assertEqual((found[0]["reason"], found[0]["ended"]), (None, None))

    def test_jobs(self):
        served = self.serve()
        done = self.run_weft("jobs", "--url", served.url)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 5)
        self.assertRegex(
            lines[1],
            r"^ *3000007  RUNNING +1/3  46/60 +53 +4  250\.0 MiB  500\.0 MiB +1\.0 MiB  1 min \d+ s  SELECT",
        )
        self.assertFalse(re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout))
        only = self.run_weft("jobs", "--state", "failed", "--url", served.url).stdout.splitlines()
        self.assertEqual(len(only), 2)
        self.assertEqual(len(self.run_weft("jobs", "-n", "2", "--url", served.url).stdout.splitlines()), 3)
        found = json.loads(self.run_weft("jobs", "--json", "--url", served.url).stdout)
        for field in (
            "id",
            "state",
            "stages",
            "tasks",
            "attempts",
            "tasks_rerun",
            "blocks_lost",
            "workers_lost",
        ):
            self.assertIn(field, found[0])
        for field in ("bytes_read", "bytes_exchanged", "bytes_spilled", "locality"):
            self.assertIn(field, found[0])

    def test_one_job(self):
        served = self.serve()
        done = self.run_weft("jobs", "7", "--url", served.url)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Job        3000007, RUNNING, 1 min ", done.stdout)
        self.assertIn("User       ann", done.stdout)
        self.assertIn("STAGE  GENERATION", done.stdout)
        failed = self.run_weft("jobs", "5", "--url", served.url)
        self.assertIn("Error      [DIVIDE_BY_ZERO] Division by zero", failed.stdout)
        self.fails(self.run_weft("jobs", "77", "--url", served.url), 1, "there is no job 77")
        self.fails(self.run_weft("jobs", "seven", "--url", served.url), 2, "whole number")
        self.fails(self.run_weft("jobs", "--state", "odd", "--url", served.url), 2, "--state")

    def test_cancel(self):
        served = self.serve()
        self.fails(self.run_weft("cancel", "6", "--url", served.url), 1, "job 3000006 has ended already")
        self.fails(self.run_weft("cancel", "99", "--url", served.url), 1, "there is no job 99")
        self.fails(self.run_weft("cancel", "--url", served.url), 2, "missing")
        done = self.run_weft("cancel", "7", "--url", served.url)
        self.assertEqual((done.returncode, done.stdout), (0, "Job 3000007 is being cancelled.\n"))
        done = self.run_weft("cancel", "7", "--json", "--url", served.url)
        self.assertEqual(json.loads(done.stdout)["cancelled"], True)
        self.assertEqual(served.close(), "cancelled 7\n")

    def test_health(self):
        served = self.serve()
        done = self.run_weft("health", "--url", served.url)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '{"status":"ok"}\n', ""))
        done = self.run_weft("health", "--ready", "--webui-port", str(served.port))  # on this machine
        self.assertEqual((done.returncode, done.stdout), (0, '{"status":"ready","state":"ALIVE"}\n'))
        served.close()
        self.fails(self.run_weft("health", "--url", served.url), 1, "nothing listens at")
        self.fails(self.run_weft("health", "--url", "file:///etc"), 2, "http://HOST:PORT")

    def test_logs(self):
        served = self.serve("log=" + self.path("log.txt"))
        done = self.run_weft("logs", "--url", served.url, "-n", "4")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertIn("sample_line number=200", lines[2])
        self.assertIn("http_started", lines[3])
        self.assertEqual(len(self.run_weft("logs", "--url", served.url).stdout.splitlines()), 100)
        found = json.loads(self.run_weft("logs", "--json", "-n", "2", "--url", served.url).stdout)
        self.assertEqual(len(found["lines"]), 2)
        plain = self.serve("log=")  # no file: what went to standard error is kept
        done = self.run_weft("logs", "--url", plain.url, "-n", "3")
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertIn("sample_line number=200", done.stdout)

    def test_where_the_coordinator_is(self):
        served = self.serve()
        port = ["--webui-port", str(served.port)]
        done = self.run_weft("status", *port, environment={"WEFT_MASTER": "weft://127.0.0.1:7077"})
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_weft("status", *port, "--master", "spark://localhost:7077")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.write("conf", f"weft.status.url {served.url}\nweft.coordinator.anything 1\n" + DAEMONS)
        done = self.run_weft("status", "--config", self.path("conf"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.write("conf", DAEMONS + "weft.status.odd 1\n")  # what nobody knows is an error still
        self.fails(self.run_weft("status", "--config", self.path("conf")), 2, 'unknown key "weft.status.odd"')
        self.write("conf", DAEMONS + "weft.status.webuiPort 1\n")
        for words in (["coordinator"], ["worker", "weft://127.0.0.1:1"]):
            done = self.run_weft(*words, "--config", self.path("conf"))
            self.fails(done, 1, "none")  # the keys are missing, the file is fine
        for master in ("local[2]", "http://x", "weft://", "weft://:7077", "weft://u@h:1", "nonsense"):
            self.fails(self.run_weft("status", "--master", master), 2, "master")
        for url in ("127.0.0.1:8080", "ftp://x", "http://user:secret@h"):
            done = self.run_weft("status", "--url", url)
            self.fails(done, 2, "url")
        self.assertNotIn("secret", done.stderr)
        self.fails(self.run_weft("status", "--nonsense"), 2, "unknown option --nonsense")
        self.assertIn("--token-file", self.run_weft("cancel", "--help").stdout)

    def test_the_one_that_leads_is_asked(self):
        gone, standby, leader = free_port(), self.serve("standby"), self.serve()
        self.fails(
            self.run_weft("status", "--url", f"http://127.0.0.1:{gone}"), 1, "nothing listens", "--webui-port"
        )
        self.assertIn("STANDBY", standby.get("/readyz")[1])
        self.assertIn('"status":"STANDBY"', standby.get("/json/")[1])
        done = self.run_weft(
            "status", "--master", "weft://127.0.0.2:1,127.0.0.1:1", "--webui-port", str(leader.port)
        )
        self.assertIn("leads", done.stdout)

    def test_one_that_stands_by_sends_to_the_leader(self):
        """And of several the one that leads is waited for."""
        leader = self.serve()
        with StandsBy(leader, ready_after=2) as other:
            url = f"http://127.0.0.2:{leader.port}"
            self.assertIn("leads", self.run_weft("status", "--url", url).stdout)
            self.assertEqual(other.asked, ["GET /api/v1/cluster"])
            self.assertEqual(self.run_weft("cancel", "7", "--url", url).stderr, "")
            self.assertEqual(other.asked[-1], "POST /api/v1/jobs/7/cancel")
            masters = "weft://127.0.0.2:1,127.0.0.3:1"
            done = self.run_weft("status", "--master", masters, "--webui-port", str(leader.port))
            self.assertIn("leads", done.stdout)
            self.assertEqual(other.asked.count("GET /readyz"), 3)

    def test_a_server_that_is_none_of_ours(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            for reply, words in (
                (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", ("not what a coordinator gives",)),
                (b"HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n<", ("status 500",)),
                (b"220 mail\r\n", ("gives no answer",)),
                (b"", ("gives no answer",)),
            ):
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    asked = pool.submit(self.run_weft, "status", "--url", url)
                    with listener.accept()[0] as there:
                        there.recv(4096)
                        there.sendall(reply)
                    self.fails(asked.result(), 1, *words)


class Guarded(StatusCase):
    def test_tokens(self):
        token = self.token()
        served = self.serve("token=" + token)
        self.fails(self.run_weft("status", "--url", served.url), 1, "a token is needed", "--token-file")
        done = self.run_weft("status", "--url", served.url, "--token-file", token)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        wrong = self.write("wrong", "another-token-of-24-bytes\n")
        os.chmod(wrong, 0o600)
        self.fails(self.run_weft("cancel", "7", "--url", served.url, "--token-file", wrong), 1, "token")
        os.chmod(wrong, 0o644)
        self.fails(
            self.run_weft("status", "--url", served.url, "--token-file", wrong), 1, "others than its owner"
        )
        self.fails(self.run_weft("status", "--url", served.url, "--token-file", "/none"), 1, "/none")
        self.assertEqual(served.get("/healthz")[0], 200)
        self.assertEqual(served.get("/metrics")[0], 401)
        basic = base64.b64encode(b"me:" + TOKEN.encode()).decode()
        self.assertEqual(served.get("/", Authorization="Basic " + basic)[0], 200)
        self.assertEqual(served.get("/", Authorization="Bearer " + TOKEN + "x")[0], 401)
        self.assertEqual(served.close(), "cancelled 0\n")

    def test_tls(self):
        certificate, key = self.certificate()
        token = self.token()
        served = self.serve("cert=" + certificate, "key=" + key, "token=" + token)
        url = f"https://127.0.0.1:{served.port}"
        done = self.run_weft("jobs", "--url", url, "--cacert", certificate, "--token-file", token)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        place = ("--master", "weft://127.0.0.1:1", "--webui-port", str(served.port))
        done = self.run_weft("jobs", *place, "--cacert", certificate, "--token-file", token)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.fails(self.run_weft("jobs", "--url", url), 1, "cannot be trusted", "--cacert")
        named = f"https://localhost:{served.port}"  # not in the certificate
        self.fails(self.run_weft("jobs", "--url", named, "--cacert", certificate), 1, "cannot be trusted")
        self.fails(self.run_weft("jobs", "--url", served.url), 1, "gives no answer", "--tls")
        plain = self.serve()
        other = f"https://127.0.0.1:{plain.port}"
        self.fails(
            self.run_weft("jobs", "--url", other, "--cacert", certificate), 1, "gives no answer", "http://"
        )

        context = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=context, timeout=60)
        for _ in range(3):  # one connection, several requests
            connection.request("GET", "/api/v1/jobs", headers={"Authorization": "Bearer " + TOKEN})
            answer = connection.getresponse()
            self.assertEqual(len(json.loads(answer.read())), 4)
        connection.close()
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection(("127.0.0.1", served.port)) as there,
            self.assertRaises((ssl.SSLError, OSError)),
        ):
            old.wrap_socket(there)
        for garbage in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 300,
            b"GET / HTTP/1.1\r\n\r\n",
            b"\0" * 9,
        ):
            with socket.create_connection(("127.0.0.1", served.port), timeout=60) as there:
                with contextlib.suppress(OSError):  # it may have hung up already
                    there.sendall(garbage)
                    there.shutdown(socket.SHUT_WR)
                    while there.recv(4096):
                        pass

    def test_token_and_certificate_are_replaced(self):
        certificate, key = self.certificate()
        token = self.token()
        served = self.serve("cert=" + certificate, "key=" + key, "token=" + token, "log=" + self.path("log"))

        def asked(text, trusted):
            context = ssl.create_default_context(cafile=trusted)
            connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=context, timeout=60)
            try:
                connection.request("GET", "/api/v1/version", headers={"Authorization": "Bearer " + text})
                return connection.getresponse().status
            except ssl.SSLError:
                return 0
            finally:
                connection.close()

        def becomes(code, text, trusted):
            for _ in range(300):
                if asked(text, trusted) == code:
                    return
                time.sleep(0.1)
            self.fail(f"not {code}")

        self.assertEqual(asked(TOKEN, certificate), 200)
        self.token("another-" + TOKEN)
        becomes(200, "another-" + TOKEN, certificate)
        self.assertEqual(asked(TOKEN, certificate), 401)
        self.token("bad", 0o644)  # the last good one stays
        time.sleep(1.5)
        self.assertEqual(asked("another-" + TOKEN, certificate), 200)
        old = self.path("old.pem")
        shutil.copy(certificate, old)
        self.certificate()
        becomes(200, "another-" + TOKEN, certificate)
        self.assertEqual(asked("another-" + TOKEN, old), 0)
        self.write("key.pem", "nothing")
        time.sleep(1.5)
        self.assertEqual(asked("another-" + TOKEN, certificate), 200)
        self.assertEqual(served.close(), "cancelled 0\n")
        with open(self.path("log"), encoding="utf-8") as file:
            text = file.read()
        for event in ("http_token_changed", "http_token_refused", "http_certificate_changed"):
            self.assertIn(event, text)
        self.assertIn("http_certificate_refused", text)
        self.assertNotIn("sesame", text)

    def test_bad_certificates(self):
        certificate, key = self.certificate()
        nothing = self.write("nothing.pem", "nothing\n")
        os.chmod(nothing, 0o600)
        with open(key, encoding="ascii") as file:
            open_key = self.write("open.pem", file.read())
        os.chmod(open_key, 0o640)
        for arguments, words in (
            ((certificate, nothing), "not the key of the certificate"),
            ((nothing, key), "not a certificate in PEM"),
            ((certificate, open_key), "others than its owner"),
            ((certificate, self.path("none")), "No such file"),
        ):
            done = subprocess.run(
                [TOOL, "127.0.0.1", "cert=" + arguments[0], "key=" + arguments[1]],
                input="", capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_off_the_loopback(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing: which address would be used?
                address = probe.getsockname()[0]
            except OSError:
                self.skipTest("this machine has no address off the loopback")
        if address.startswith("127."):
            self.skipTest("this machine has no address off the loopback")
        served = self.serve(host="0.0.0.0")
        self.assertEqual(served.get("/api/v1/jobs")[0], 200)
        served.url = f"http://{address}:{served.port}"
        self.assertEqual(served.get("/healthz")[0], 200)
        self.assertEqual(served.get("/readyz")[0], 200)
        for path in ("/", "/metrics", "/api/v1/jobs", "/api/v1/logs", "/nothing"):
            code, body = served.get(path)
            self.assertEqual(code, 403)
            self.assertIn("token", body)
            self.assertNotIn("lineitem", body)
        self.fails(self.run_weft("jobs", "--url", served.url), 1, "off the loopback")
        there = self.serve(host=address)  # who works on its machine asks the loopback
        self.assertEqual(there.get("/api/v1/jobs")[0], 200)
        there.url = f"http://{address}:{there.port}"
        self.assertEqual(there.get("/api/v1/jobs")[0], 403)


class Loaded(StatusCase):
    def test_a_hundred_at_once(self):
        served = self.serve()
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda _: served.get("/api/v1/jobs/7"), range(300)))
        self.assertTrue(all(code == 200 and json.loads(body)["id"] == 3000007 for code, body in answers))

    def test_slow_ones_do_not_stop_others(self):
        served = self.serve()
        slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(250)]
        for number, there in enumerate(slow):
            there.sendall((b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: ", b"\x00")[number % 4])
        self.assertEqual(served.get("/healthz")[0], 200)
        self.assertIn("\nweft_http_connections 25", served.get("/metrics")[1])
        for there in slow:
            there.close()


class Documented(StatusCase):
    def test_the_page_names_every_metric_and_address(self):
        served = self.serve()
        with open(DOCS, encoding="utf-8") as file:
            page = file.read()
        shown = set(re.findall(r"^# TYPE (\S+)", served.get("/metrics")[1], re.MULTILINE))
        self.assertGreater(len(shown), 40)
        named = set(re.findall(r"^\| `(weft_\w+)`", page, re.MULTILINE))
        with open(os.path.join(HERE, "..", "..", "worker", "metric_list.h"), encoding="utf-8") as file:
            of_workers = set(re.findall(r'^X\(\w+, "(weft_\w+)"', file.read(), re.MULTILINE))
        self.assertGreater(len(of_workers), 10)
        self.assertEqual((shown | of_workers) ^ named, set())
        with open(os.path.join(HERE, "..", "..", "coordinator", "http.c"), encoding="utf-8") as file:
            routes = re.findall(r'^    \{"(/[^"]*)", TAKES', file.read(), re.MULTILINE)
        self.assertGreater(len(routes), 20)
        for route in routes:
            pattern = re.escape(route).replace(r"\*", r"[A-Z]+")
            self.assertRegex(page, r"`(GET |POST |DELETE |)" + pattern + r"[`?/]", route)

    def test_the_page_names_every_field(self):
        served = self.serve()
        with open(DOCS, encoding="utf-8") as file:
            named = set(re.findall(r"`(\w+)`", file.read()))
        for path in ("/api/v1/cluster", "/api/v1/workers", "/api/v1/jobs/7"):
            found = json.loads(served.get(path)[1])
            for fields in found if isinstance(found, list) else [found, *found.get("stage_list", [])]:
                self.assertEqual(set(fields) - named, set(), path)


if __name__ == "__main__":
    unittest.main()
