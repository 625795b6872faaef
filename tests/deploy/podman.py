"""Pods of the chart as real containers, by podman: each in a network namespace of a lab
(tests/support/netlab), with its own address. Podman knows pods, not StatefulSets, Deployments, Secrets with
an owner, or probes; what a kubelet does there is done here: names and addresses into the environment, volumes
as folders with the owner and mode that Kubernetes gives them, probes. Needs root, podman and runc.

    with Podman(folder) as podman:
        podman.load("image.tar")
        pod = Pod(podman, lab, host, name, template, content, aliases)
        pod.start(); pod.wait(); pod.delete(); """

import base64
import copy
import http.client
import json
import os
import shutil
import socket
import subprocess
import time

GROUP = 7077  # fsGroup of the chart
PROGRAMS = ("podman", "runc", "nsenter")
READY_S = 30
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
# A root user without CAP_SYS_RESOURCE, as in many a sandbox, cannot raise limits: leave them as they are.
SHIM = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
if "create" in words:
    bundle = next((words[i + 1] for i, word in enumerate(words) if word in ("--bundle", "-b")), ".")
    path = os.path.join(bundle, "config.json")
    with open(path) as file:
        config = json.load(file)
    config["process"].pop("rlimits", None)
    config["process"].pop("oomScoreAdj", None)
    with open(path, "w") as file:
        json.dump(config, file)
os.execvp("runc", ["runc", *words])
"""
SETTINGS = """[containers]
default_ulimits = []
cgroupns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "shim"
[engine.runtimes]
shim = ["{shim}"]
"""


def why_not():
    """None when pods can be run here, else the reason."""
    if os.geteuid() != 0:
        return "containers need root here"
    for program in PROGRAMS:
        if shutil.which(program, path=PATH) is None:
            return f"the program {program} is not installed"
    return None


class Podman:
    """Podman with a storage of its own in a folder."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        shim = os.path.join(self.folder, "runc-shim")
        with open(shim, "w", encoding="ascii") as file:
            file.write(SHIM)
        os.chmod(shim, 0o755)
        self.settings = os.path.join(self.folder, "containers.conf")
        with open(self.settings, "w", encoding="ascii") as file:
            file.write(SETTINGS.format(shim=shim))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("pod", "rm", "--force", "--time", "0", "--all", check=False)

    def run(self, *words, before=(), check=True):
        storage = [f"--root={self.folder}/storage", f"--runroot={self.folder}/run", "--storage-driver=vfs"]
        done = subprocess.run(
            [*before, "podman", *storage, *words],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": PATH, "CONTAINERS_CONF": self.settings},
        )
        if check and done.returncode != 0:
            raise OSError(f"podman {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if words[0] == "logs" else "")

    def load(self, path):
        self.run("load", "--quiet", "--input", path)


def write_as_kubelet(folder, files, mode):
    """A volume of a Secret or ConfigMap: files behind two links, of root and the group."""
    version = os.path.join(folder, "..2026_01_01")
    os.makedirs(version)
    os.symlink("..2026_01_01", os.path.join(folder, "..data"))
    for name, data in files.items():
        path = os.path.join(version, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chown(path, 0, GROUP)
        os.chmod(path, mode)
        os.symlink(os.path.join("..data", name), os.path.join(folder, name))


class Pod:
    """One pod: template is that of its StatefulSet or Deployment, content the Secrets and ConfigMaps by
    (kind, name), aliases {name: address} of what the cluster's DNS would know."""

    def __init__(self, podman, lab, host, name, template, content, aliases):
        self.podman, self.lab, self.host, self.name = podman, lab, host, name
        self.address = lab.address(host)
        self.folder = os.path.join(podman.folder, "pods", name)
        self.spec = copy.deepcopy(template["spec"])
        self.grace = self.spec["terminationGracePeriodSeconds"]
        self.container = self.spec["containers"][0]
        self.probes = {
            kind: self.container.pop(kind) for kind in ("startupProbe", "livenessProbe", "readinessProbe")
        }
        self.ports = {port["name"]: port["containerPort"] for port in self.container.pop("ports")}
        self.fill_environment()
        self.fill_volumes(content)
        for key in ("affinity", "topologySpreadConstraints"):
            self.spec.pop(key, None)
        self.fill_hosts(aliases)
        self.manifest = os.path.join(self.folder, "pod.json")
        with open(self.manifest, "w", encoding="utf-8") as file:
            labels = template["metadata"]["labels"]
            metadata = {"name": name, "labels": labels}
            json.dump({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": self.spec}, file)

    def fill_environment(self):
        values = {
            "metadata.name": self.name,
            "metadata.namespace": "weft",
            "status.podIP": self.address,
            "spec.nodeName": f"node{self.host}",
        }
        for variable in self.container["env"]:
            field = variable.pop("valueFrom")["fieldRef"]["fieldPath"]
            variable["value"] = values[field]
        for variable in self.container["env"]:
            form = f"$({variable['name']})"
            self.container["args"] = [
                word.replace(form, variable["value"]) for word in self.container["args"]
            ]

    def fill_volumes(self, content):
        paths = {}
        for volume in self.spec["volumes"]:
            paths[volume["name"]] = self.volume(volume, content)
        for mount in self.container["volumeMounts"]:  # "work" of a StatefulSet is a claim of its own
            if mount["name"] not in paths:
                paths[mount["name"]] = self.volume({"name": mount["name"], "emptyDir": {}}, content)
        volumes = []
        for number, mount in enumerate(self.container["volumeMounts"]):
            path = os.path.realpath(os.path.join(paths[mount["name"]], mount.pop("subPath", "")))
            mount["name"] = f"mount{number}"
            kind = "Directory" if os.path.isdir(path) else "File"
            volumes.append({"name": mount["name"], "hostPath": {"path": path, "type": kind}})
        self.spec["volumes"] = volumes

    def fill_hosts(self, aliases):
        """/etc/hosts is a mount of the kubelet's too; here with names of services, for want of a DNS."""
        path = os.path.join(self.folder, "hosts")
        lines = ["127.0.0.1 localhost", f"{self.address} {self.name}"]
        lines += [f"{address} {alias}" for alias, address in aliases.items()]
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        self.container["volumeMounts"].append({"name": "hosts", "mountPath": "/etc/hosts"})
        self.spec["volumes"].append({"name": "hosts", "hostPath": {"path": path, "type": "File"}})

    def volume(self, volume, content):
        """The folder of a volume."""
        if "hostPath" in volume:
            return volume["hostPath"]["path"]
        path = os.path.join(self.folder, volume["name"])
        os.makedirs(path)
        if "secret" in volume:
            data = content["Secret", volume["secret"]["secretName"]]["data"]
            files = {name: base64.b64decode(text) for name, text in data.items()}
            write_as_kubelet(path, files, volume["secret"]["defaultMode"] | 0o040)  # fsGroup adds this
        elif "configMap" in volume:
            data = content["ConfigMap", volume["configMap"]["name"]]["data"]
            write_as_kubelet(path, {name: text.encode() for name, text in data.items()}, 0o644)
        else:  # emptyDir, or a new volume of a claim
            os.chown(path, 0, GROUP)
            os.chmod(path, 0o2775)
        return path

    # -- life --

    def start(self):
        before = self.lab.command(self.host, [])
        self.podman.run("kube", "play", "--network", "host", self.manifest, before=before)

    def answers(self, kind):
        """Ask a probe as the kubelet does, but from inside of the pod's network."""
        probe = self.probes[kind]
        return self.lab.inside(self.host, lambda: self._ask(probe))

    def _ask(self, probe):
        try:
            if "tcpSocket" in probe:
                port = self.ports[probe["tcpSocket"]["port"]]
                socket.create_connection((self.address, port), 5).close()
                return True
            action = probe["httpGet"]
            connection = http.client.HTTPConnection(self.address, self.ports[action["port"]], timeout=5)
            connection.request("GET", action["path"])
            code = connection.getresponse().status
            connection.close()
            return 200 <= code < 400
        except OSError:
            return False

    def wait(self, kind="readinessProbe"):
        end = time.monotonic() + READY_S
        while not self.answers(kind):
            if time.monotonic() > end:
                raise OSError(f"pod {self.name}: no {kind} in {READY_S} s\n{self.log()}")
            time.sleep(0.1)

    def log(self):
        return self.podman.run("logs", f"{self.name}-{self.container['name']}", check=False)

    def inspect(self, form):
        return self.podman.run("inspect", "--format", form, f"{self.name}-{self.container['name']}").strip()

    def pid(self):
        return int(self.inspect("{{.State.Pid}}"))

    def delete(self):
        """As kubectl delete does: SIGTERM, then SIGKILL when the grace period is over. The seconds and the
        exit code."""
        begin = time.monotonic()
        self.podman.run("pod", "stop", "--time", str(self.grace), self.name)
        seconds, code = time.monotonic() - begin, int(self.inspect("{{.State.ExitCode}}"))
        self.podman.run("pod", "rm", "--force", "--time", "0", self.name)
        return seconds, code

    def kill(self):
        """As when its node dies."""
        self.podman.run("pod", "kill", "--signal", "KILL", self.name)
        self.podman.run("pod", "rm", "--force", "--time", "0", self.name)
