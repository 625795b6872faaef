#!/usr/bin/env python3
"""The manifests and the chart of deploy/k8s: valid against Kubernetes' schemas, strictly; pods that are shut
in; names, ports and labels that fit together. With helm: weft.yaml is what the chart gives with its
defaults, and what it gives with other values is valid too."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tools  # noqa: E402

tools.in_venv("kubernetes-validate")
import kubernetes_validate  # noqa: E402
import yaml  # noqa: E402

K8S = os.path.join(tools.DEPLOY, "k8s")
CHART = os.path.join(K8S, "chart")
WEFT = os.path.abspath(os.environ.get("WEFT", os.path.join(tools.ROOT, "build", "release", "weft")))
VERSIONS = ("1.25", "1.29", "1.34")
TASKS_S = 10  # what a worker gives its tasks when it is told to end
VARIANTS = {
    "one coordinator": {"zookeeper": {"address": ""}, "coordinator": {"replicas": 1}},
    "tls": {"tls": {"secret": "weft-tls"}},
    "open inside": {"networkPolicy": {"enabled": False}, "keys": {"token": ""}},
    "autoscaled": {"autoscaling": {"enabled": True}},
    "data": {
        "extraVolumes": [{"name": "data", "nfs": {"server": "files", "path": "/data"}}],
        "extraVolumeMounts": [{"name": "data", "mountPath": "/data"}],
        "extraArgs": ["--log-json"],
        "coordinator": {
            "persistence": {"enabled": False},
            "nodeSelector": {"kind": "small"},
            "priorityClassName": "high",
            "podAnnotations": {"a": "b"},
        },
        "worker": {"tolerations": [{"operator": "Exists"}], "extraArgs": ["--lease", "20s"]},
        "image": {"pullSecrets": ["registry"], "tag": "9.9"},
    },
}


def parse(text):
    return [document for document in yaml.safe_load_all(text) if document]


def plain():
    with open(os.path.join(K8S, "weft.yaml"), encoding="utf-8") as file:
        return parse(file.read())


class Case(unittest.TestCase):
    def is_valid(self, documents):
        self.assertGreater(len(documents), 3)
        for document in documents:
            for version in VERSIONS:
                kubernetes_validate.validate(document, version, strict=True)

    def one(self, documents, kind, name):
        found = [d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name]
        self.assertEqual(len(found), 1, f"{kind} {name}")
        return found[0]

    def pods(self, documents):
        """The pod templates, by component."""
        return {
            "coordinator": self.one(documents, "StatefulSet", "weft-coordinator")["spec"]["template"],
            "worker": self.one(documents, "Deployment", "weft-worker")["spec"]["template"],
        }


class Manifests(Case):
    def test_valid(self):
        self.is_valid(plain())

    def test_canary(self):
        """A field that Kubernetes does not know is seen."""
        document = self.one(plain(), "Deployment", "weft-worker")
        document["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(document, VERSIONS[-1], strict=True)

    def test_shut_in(self):
        for pod in self.pods(plain()).values():
            spec, container = pod["spec"], pod["spec"]["containers"][0]
            self.assertFalse(spec["automountServiceAccountToken"])
            self.assertTrue(spec["securityContext"]["runAsNonRoot"])
            self.assertGreater(spec["securityContext"]["runAsUser"], 0)
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertEqual(
                container["securityContext"],
                {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            )
            for kind in ("requests", "limits"):
                self.assertEqual(set(container["resources"][kind]), {"cpu", "memory"})
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                self.assertIn(probe, container)
            self.assertGreater(spec["terminationGracePeriodSeconds"], TASKS_S + 5)

    def test_labels_and_ports_fit(self):
        documents = plain()
        pods = self.pods(documents)
        labels = {name: pod["metadata"]["labels"] for name, pod in pods.items()}

        def chosen(selector):
            return {name for name, has in labels.items() if selector.items() <= has.items()}

        for name in ("weft", "weft-coordinators"):
            service = self.one(documents, "Service", name)["spec"]
            self.assertEqual(chosen(service["selector"]), {"coordinator"})
            ports = {port["name"] for port in pods["coordinator"]["spec"]["containers"][0]["ports"]}
            # large records go from pod to pod, by the pods' own names
            self.assertEqual({port["targetPort"] for port in service["ports"]}, ports - {"blobs"})
        for component in pods:
            budget = self.one(documents, "PodDisruptionBudget", f"weft-{component}")["spec"]
            self.assertEqual(chosen(budget["selector"]["matchLabels"]), {component})
            policy = self.one(documents, "NetworkPolicy", f"weft-{component}")["spec"]
            self.assertEqual(chosen(policy["podSelector"]["matchLabels"]), {component})
        coordinators = self.one(documents, "StatefulSet", "weft-coordinator")["spec"]
        self.assertEqual(coordinators["serviceName"], "weft-coordinators")
        master = pods["worker"]["spec"]["containers"][0]["args"][1]
        names = [f"weft-coordinator-{i}.weft-coordinators:7077" for i in range(coordinators["replicas"])]
        self.assertEqual(master, "weft://" + ",".join(names))

    def test_arguments_are_understood(self):
        for component, pod in self.pods(plain()).items():
            done = subprocess.run([WEFT, component, "--help"], capture_output=True, text=True, check=True)
            known = set(re.findall(r"--[a-z-]+", done.stdout))
            given = {word for word in pod["spec"]["containers"][0]["args"] if word.startswith("--")}
            self.assertEqual(given - known, set())

    def test_keys_become_secrets(self):
        """What deploy/k8s/secrets makes is what the pods mount, and nothing of it is lost."""
        with tempfile.TemporaryDirectory(prefix="weft-k8s-") as folder:
            keys = os.path.join(folder, "keys")
            words = [WEFT, "keys", "init", keys, "--user", "ann"]
            subprocess.run(words, check=True, capture_output=True)
            words = [os.path.join(K8S, "secrets"), keys]
            made = [subprocess.run(words, check=True, capture_output=True, text=True).stdout for _ in "12"]
            self.assertEqual(made[0], made[1])
            documents = parse(made[0])
            self.is_valid(documents)
            allowed = self.one(documents, "ConfigMap", "weft-allowed")["data"]
            for name in os.listdir(os.path.join(keys, "allowed")):
                with open(os.path.join(keys, "allowed", name), encoding="utf-8") as file:
                    self.assertEqual(allowed[name], file.read())
            self.assertEqual(os.stat(os.path.join(keys, "token")).st_mode & 0o777, 0o600)
        data = {d["metadata"]["name"]: set(d["data"]) for d in documents}
        self.assertNotIn("client-ann.secret", set().union(*data.values()))
        for pod in self.pods(plain()).values():
            spec = pod["spec"]
            for volume in spec["volumes"]:
                name = volume.get("secret", {}).get("secretName") or volume.get("configMap", {}).get("name")
                if name is None:
                    continue
                wanted = {
                    mount["subPath"]
                    for mount in spec["containers"][0]["volumeMounts"]
                    if mount["name"] == volume["name"] and "subPath" in mount
                }
                self.assertEqual(wanted - data[name], set(), name)


@unittest.skipIf(tools.helm() is None, "there is no helm (tests/deploy/run makes one)")
class Chart(Case):
    def render(self, values=None):
        words = [tools.helm(), "template", "weft", CHART, "--kube-version", "1.34.0", "-f", "-"]
        return subprocess.run(words, capture_output=True, text=True, input=json.dumps(values or {}))

    def test_lint(self):
        done = subprocess.run([tools.helm(), "lint", "--strict", CHART], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_plain_is_the_chart(self):
        words = [os.path.join(K8S, "render"), "--check"]
        done = subprocess.run(
            words, capture_output=True, text=True, env={**os.environ, "HELM": tools.helm()}
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_other_values(self):
        for name, values in VARIANTS.items():
            with self.subTest(name):
                done = self.render(values)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.is_valid(parse(done.stdout))

    def test_autoscaled(self):
        documents = parse(self.render(VARIANTS["autoscaled"]).stdout)
        self.assertNotIn("replicas", self.one(documents, "Deployment", "weft-worker")["spec"])
        target = self.one(documents, "HorizontalPodAutoscaler", "weft-worker")["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("Deployment", "weft-worker"))

    def test_what_cannot_work_is_refused(self):
        for values, reason in (
            ({"zookeeper": {"address": ""}}, "several coordinators need zookeeper.address"),
            ({"worker": {"replicas": "three"}}, "replicas"),
            ({"coordinators": 3}, "coordinators"),
        ):
            done = self.render(values)
            self.assertNotEqual(done.returncode, 0, values)
            self.assertIn(reason, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
