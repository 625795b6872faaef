#!/usr/bin/env python3
"""The OCI image that deploy/image/build makes: whole by its digests, small, the same again, nothing in it
that weft does not need, and weft answers in it as the user that it names, with a read-only root."""

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WEFT = os.path.abspath(os.environ.get("WEFT", os.path.join(ROOT, "build", "release", "weft")))
BUILD = os.path.join(ROOT, "deploy", "image", "build")
USER = 7077
LIMIT_BYTES = 60_000_000
OPENS = re.compile(r'dlopen\(\s*"([^"]+)"')


def build(output):
    words = [BUILD, "--weft", WEFT, "--output", output, "--tag", "localhost/weft:test"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="weft-image-test-")
        cls.folder = cls.scratch.name
        cls.path = os.path.join(cls.folder, "image.tar")
        cls.said = build(cls.path)
        with tarfile.open(cls.path) as tar:
            cls.files = {e.name: tar.extractfile(e).read() for e in tar.getmembers() if e.isfile()}

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def blob(self, described):
        """A blob by its digest, which must be its digest."""
        data = self.files["blobs/" + described["digest"].replace(":", "/")]
        self.assertEqual("sha256:" + hashlib.sha256(data).hexdigest(), described["digest"])
        self.assertEqual(len(data), described["size"])
        return data

    def manifest(self):
        index = json.loads(self.files["index.json"])
        return json.loads(self.blob(index["manifests"][0]))

    def config(self):
        return json.loads(self.blob(self.manifest()["config"]))

    def layers(self):
        return [gzip.decompress(self.blob(layer)) for layer in self.manifest()["layers"]]

    def entries(self):
        """Every entry of all layers, by name."""
        found = {}
        for layer in self.layers():
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                found.update({entry.name: entry for entry in tar.getmembers()})
        return found

    def test_whole_by_its_digests(self):
        self.assertEqual(json.loads(self.files["oci-layout"]), {"imageLayoutVersion": "1.0.0"})
        sums = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in self.layers()]
        self.assertEqual(self.config()["rootfs"]["diff_ids"], sums)
        docker = json.loads(self.files["manifest.json"])[0]
        self.assertEqual(docker["RepoTags"], ["localhost/weft:test"])
        for name in [docker["Config"], *docker["Layers"]]:
            self.assertIn(name, self.files)
        self.assertIn(json.loads(self.files["index.json"])["manifests"][0]["digest"], self.said)

    def test_small_and_the_same_again(self):
        self.assertLess(os.path.getsize(self.path), LIMIT_BYTES)
        again = os.path.join(self.folder, "again.tar")
        self.assertEqual(build(again).split()[1:], self.said.split()[1:])
        with open(self.path, "rb") as one, open(again, "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_not_root_and_healthy_by_a_command(self):
        config = self.config()["config"]
        self.assertEqual(config["User"], f"{USER}:{USER}")
        self.assertEqual(config["Entrypoint"], ["/usr/bin/weft"])
        self.assertEqual(config["StopSignal"], "SIGTERM")
        self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "/usr/bin/weft", "health"])

    def test_nothing_else_in_it(self):
        entries = self.entries()
        programs = [name for name in entries if os.path.dirname(name) in ("usr/bin", "bin", "sbin")]
        self.assertEqual(programs, ["usr/bin/weft"])
        for name, entry in entries.items():
            self.assertEqual(entry.mode & 0o6000, 0, name)  # no setuid
            if name == "tmp" or entry.issym():
                continue
            self.assertEqual(entry.mode & 0o022, 0, name)  # written by nobody else
            self.assertEqual(entry.uid, USER if name == "var/lib/weft" else 0, name)
            self.assertFalse(name.startswith(("/", "..")), name)

    def test_every_library_that_is_opened(self):
        opened = set()
        for folder in ("common", "engine", "coordinator", "worker", "client", "connect"):
            for where, _, names in os.walk(os.path.join(ROOT, folder)):
                for name in names:
                    if name.endswith(".c"):
                        with open(os.path.join(where, name), encoding="utf-8") as file:
                            opened.update(OPENS.findall(file.read()))
        self.assertIn("libcrypto.so.3", opened)
        there = {os.path.basename(name) for name in self.entries()}
        self.assertEqual(opened - there, set())

    @unittest.skipIf(os.geteuid() != 0, "another root folder needs root")
    def test_answers_in_it(self):
        root = os.path.join(self.folder, "root")
        for layer in self.layers():
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                tar.extractall(root, numeric_owner=True)
        work = os.path.join(root, "var", "lib", "weft")
        self.assertEqual((os.stat(work).st_uid, os.stat(work).st_mode & 0o777), (USER, 0o750))

        def inside(*words):
            def enter():
                os.chroot(root)
                os.chdir("/var/lib/weft")
                os.setgroups([])
                os.setgid(USER)
                os.setuid(USER)

            words = ["/usr/bin/weft", *words]
            return subprocess.run(
                words, preexec_fn=enter, capture_output=True, text=True, timeout=60, env={}
            )

        self.assertEqual(inside("version").stdout[:5], "weft ")
        text = (
            "SELECT 40 + 2, sha2('weft', 256), "
            "to_utc_timestamp(TIMESTAMP '2026-07-01 12:00:00', 'Europe/Berlin')"
        )
        done = inside("sql", "--format", "csv", "-e", text)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = done.stdout.splitlines()[1]
        self.assertEqual(row.split(",")[:2], ["42", hashlib.sha256(b"weft").hexdigest()])
        self.assertIn("10:00:00", row)
        done = inside("health")  # by libcurl
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing listens at", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
