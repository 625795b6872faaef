#!/usr/bin/env python3
"""deploy/ansible on bare hosts (hosts.py): from nothing to a running, keyed cluster; a second run changes
nothing; an upgrade, one process at a time, under a running batch: every answer is right, every process runs
the new program, and no two were down together. Part of tests/deploy/run."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hosts as hosts_module  # noqa: E402
import tools  # noqa: E402

ANSIBLE = os.path.join(tools.DEPLOY, "ansible")
SMALL = os.path.join(tools.ROOT, "tests", "support", "tpch", "small.py")
HOSTS = 3
DATA = "srv/data"  # of the hosts
QUERY = (
    "SELECT l_shipmode, sum(l_quantity), count(*) "
    f"FROM parquet.`/{DATA}/lineitem.parquet` JOIN parquet.`/{DATA}/orders.parquet` "
    "ON l_orderkey = o_orderkey GROUP BY l_shipmode ORDER BY l_shipmode"
)
TASK_DELAY = "300ms"  # so that there is a middle of a query


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


class Site:
    def __init__(self, machines, folder, program, data, coordinators, zookeeper):
        self.machines, self.folder = machines, folder
        self.program = os.path.join(folder, "weft")
        shutil.copy(program, self.program)
        for k in range(1, HOSTS + 1):
            shutil.copytree(data, os.path.join(machines.root(k), DATA))
        self.coordinator_count = coordinators
        self.inventory = os.path.join(folder, "inventory.json")
        names = {f"host{k}": {"ansible_host": machines.address(k)} for k in range(1, HOSTS + 1)}
        self.coordinators = list(names)[:coordinators]

        def group(chosen):
            return {"hosts": {name: {} for name in chosen}}

        content = {
            "all": {
                "hosts": names,
                "vars": {
                    "ansible_user": "root",
                    "ansible_ssh_private_key_file": machines.key,
                    "ansible_ssh_common_args": f"-o UserKnownHostsFile={machines.known_hosts}",
                    "weft_program": self.program,
                    "weft_keys_user": "ann",
                    "weft_coordinator_memory_max": "",
                    "weft_worker_settings": {"weft.task.slots": 1, "weft.memory.limit": "512m"},
                    **({} if zookeeper else {"weft_zookeeper_address": ""}),
                },
                "children": {
                    "zookeeper": group(names),
                    "coordinators": group(self.coordinators),
                    "workers": group(names),
                },
            }
        }
        with open(self.inventory, "w", encoding="utf-8") as file:
            json.dump(content, file)

    def play(self):
        """Run the playbook; {host: counts}."""
        path = os.path.join(tools.VENV, "bin") + os.pathsep + os.environ["PATH"]
        environment = {
            **os.environ,
            "PATH": path,
            "ANSIBLE_HOME": os.path.join(self.folder, "ansible"),
            "ANSIBLE_CONFIG": os.path.join(ANSIBLE, "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
        }
        words = ["ansible-playbook", "-i", self.inventory, os.path.join(ANSIBLE, "site.yml")]
        done = subprocess.run(
            self.machines.lab.command(1, words), capture_output=True, text=True, env=environment
        )
        with open(os.path.join(self.folder, "play.log"), "a", encoding="utf-8") as file:
            file.write(done.stdout + done.stderr)
        check(done.returncode == 0, f"ansible-playbook ended with {done.returncode}:\n{done.stdout[-4000:]}")
        recap = re.findall(r"^(\S+)\s+: (.*)$", done.stdout.split("PLAY RECAP")[1], re.M)
        return {
            name: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", counts)}
            for name, counts in recap
        }

    def client_keys(self):
        """A folder with ann's secret and what is allowed."""
        folder = os.path.join(self.folder, "ann")
        if not os.path.isdir(folder):
            shutil.copytree(os.path.join(self.folder, "keys", "allowed"), os.path.join(folder, "allowed"))
            shutil.copy(os.path.join(self.folder, "keys", "client-ann.secret"), folder)
        return folder

    def sql(self, text):
        addresses = [self.machines.address(int(name[4:])) for name in self.coordinators]
        master = "weft://" + ",".join(f"{address}:7077" for address in addresses)
        words = [self.program, "sql", "--master", master, "--keys", self.client_keys()]
        words += ["--format", "csv", "--conf", f"weft.test.taskDelay={TASK_DELAY}", "-e", text]
        return subprocess.run(
            self.machines.lab.command(1, words), capture_output=True, text=True, timeout=300
        )

    def services(self):
        """{(host, unit): pid of its process} of all that shall run."""
        found = {}
        for k in range(1, HOSTS + 1):
            units = ["weft-worker"] + (["weft-coordinator"] if f"host{k}" in self.coordinators else [])
            for unit in units:
                said = self.machines.inside(k, ["systemctl", "show", unit]).stdout
                found[k, unit] = int(re.search(r"^MainPID=(\d+)$", said, re.M).group(1))
        return found


class Batch(threading.Thread):
    """The same query again and again until it is told to end."""

    def __init__(self, site, answer):
        super().__init__(daemon=True)
        self.site, self.answer, self.ended, self.count, self.wrong = site, answer, False, 0, []

    def run(self):
        while not self.ended:
            done = self.site.sql(QUERY)
            self.count += 1
            if done.returncode != 0 or done.stdout != self.answer:
                self.wrong.append(f"{done.stdout}{done.stderr}")

    def finish(self):
        self.ended = True
        self.join()


class Watch(threading.Thread):
    """How many units were seen without their process at the same time, at most."""

    def __init__(self, site, units):
        super().__init__(daemon=True)
        self.units = {key: site.machines.root(key[0]) for key in units}
        self.ended, self.most = False, 0

    def is_up(self, key):
        root = self.units[key]
        try:
            with open(f"{root}/run/units/{key[1]}.service", encoding="ascii") as file:
                return os.path.exists(f"/proc/{json.load(file)[1]}/exe")
        except (OSError, ValueError):
            return False

    def run(self):
        while not self.ended:
            self.most = max(self.most, sum(not self.is_up(key) for key in self.units))
            time.sleep(0.02)


def runs_new_program(site):
    for (host, unit), pid in site.services().items():
        target = os.readlink(f"/proc/{pid}/exe")
        check(not target.endswith("(deleted)"), f"{unit} on host {host} runs the old program")


def scenario(site, say):
    start = time.monotonic()
    counts = site.play()
    check(all(c["failed"] == c["unreachable"] == 0 for c in counts.values()), f"first run: {counts}")
    installed_s = time.monotonic() - start
    say(f"installed in {installed_s:.0f} s")
    first = site.sql(QUERY)
    check(first.returncode == 0, f"the first query: {first.stderr}")
    first_pids = site.services()

    again = site.play()
    changed = sum(c["changed"] for c in again.values())
    check(changed == 0, f"the second run changes {changed} things: {again}")
    check(site.services() == first_pids, "the second run restarted something")
    say("the second run changes nothing")

    with open(site.program, "ab") as file:
        file.write(b"\0")  # another program, with the same code
    batch, watch = Batch(site, first.stdout), Watch(site, first_pids)
    batch.start()
    watch.start()
    start = time.monotonic()
    try:
        site.play()
    finally:
        upgraded_s = time.monotonic() - start
        watch.ended = True
        batch.finish()
    watch.join()
    now = site.services()
    kept = [key for key, pid in now.items() if pid == first_pids[key]]
    check(not kept, f"not restarted: {kept}")
    runs_new_program(site)
    # a coordinator that is alone takes what runs with it
    most = 0 if site.coordinator_count > 1 else 1
    check(batch.count > most, f"only {batch.count} queries ran during the upgrade")
    check(len(batch.wrong) <= most, f"{len(batch.wrong)} of {batch.count}: {batch.wrong[:2]}")
    check(watch.most == 1, f"{watch.most} processes were down at the same time")
    say(f"upgraded in {upgraded_s:.0f} s under {batch.count} queries")
    return {
        "installed_s": round(installed_s),
        "upgraded_s": round(upgraded_s),
        "queries": batch.count,
        "restarted": len(now),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weft", default=os.path.join(tools.ROOT, "build", "release", "weft"))
    parser.add_argument("--base", default=os.path.join(tools.ROOT, "build", "tools", "host"))
    parser.add_argument("--coordinators", type=int, default=2)
    parser.add_argument("--no-zookeeper", dest="zookeeper", action="store_false")
    arguments = parser.parse_args()
    reason = hosts_module.why_not()
    if reason is not None:
        print(f"skipped: {reason}")
        return tools.SKIPPED
    with tempfile.TemporaryDirectory(prefix="weft-install-") as folder:
        data = os.path.join(folder, "data")
        subprocess.run(
            [sys.executable, SMALL, "--weft", arguments.weft, "--dir", data], check=True, stdout=sys.stderr
        )
        with hosts_module.Hosts(arguments.base, HOSTS) as machines:
            site = Site(
                machines, folder, arguments.weft, data, arguments.coordinators, arguments.zookeeper
            )
            try:
                counted = scenario(site, lambda text: print(text, file=sys.stderr))
            except BaseException:
                for k in range(1, HOSTS + 1):
                    words = ["sh", "-c", "tail -n 20 /var/log/weft/*.log /var/log/journal.txt"]
                    said = machines.inside(k, words, check=False)
                    print(f"--- host {k}\n{said.stdout[-5000:]}", file=sys.stderr)
                raise
    print(json.dumps(counted))
    return 0


if __name__ == "__main__":
    tools.in_venv("ansible-core")
    sys.exit(main())
