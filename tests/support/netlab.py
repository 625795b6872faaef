"""Several hosts on one machine: network namespaces joined by a bridge, with faults between them. Needs root.

    with Netlab(hosts=3) as lab:
        subprocess.Popen(lab.command(1, ["server", "--host", lab.address(1)]))
        lab.cut(2)          # host 2's cable is out
        lab.heal(2)
        lab.block(2, 3)     # nothing goes from 2 to 3 any more; the other direction is another call
        lab.unblock()

Hosts are counted from 1. Names of namespaces and devices carry the pid of this process, so that several labs
do not meet; what a killed process left behind is removed by the next one."""

import ctypes
import itertools
import os
import re
import shutil
import subprocess
import threading

CLONE_NEWNET = 0x40000000
PREFIX = "wl"
numbers = itertools.count()  # labs of this process
libc = ctypes.CDLL(None, use_errno=True)


def why_not():
    """None when labs can be made here, else the reason."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None or shutil.which("nsenter") is None:
        return "the programs ip and nsenter (Debian: iproute2, util-linux) are not installed"
    name = f"{PREFIX}{os.getpid()}t"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return "this machine lets nobody make network namespaces"
    steps = (
        ["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name],
        inside_words(name, ["ip", "link", "set", "eth0", "up"]),
        ["ip", "link", "del", name],
    )
    works = all(subprocess.run(words, capture_output=True).returncode == 0 for words in steps)
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None if works else "this machine lets nobody join network namespaces"


def inside_words(space, words):
    """Not `ip netns exec`, nor `ip -n`: these mount, which a changed root folder does not let them. The
    program has the pid of the command."""
    return ["nsenter", f"--net=/run/netns/{space}", *words]


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def remove_leftovers():
    """Namespaces and bridges of labs whose process is gone."""
    pattern = re.compile(rf"^{PREFIX}(\d+)")
    for line in run("ip", "netns", "list").splitlines():
        found = pattern.match(line)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            run("ip", "netns", "del", line.split()[0])
    for line in run("ip", "-o", "link", "show", "type", "bridge").splitlines():
        name = line.split()[1].rstrip(":")
        found = pattern.match(name)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            run("ip", "link", "del", name)


class Netlab:
    def __init__(self, hosts=3):
        self.hosts = hosts
        self.tag = f"{PREFIX}{os.getpid()}{chr(ord('a') + next(numbers) % 26)}"
        self.net = f"10.{77 + os.getpid() // 250 % 100}.{os.getpid() % 250}"
        self.blocked = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        remove_leftovers()
        bridge = f"{self.tag}b"
        run("ip", "link", "add", bridge, "type", "bridge")
        run("ip", "link", "set", bridge, "up")
        for host in range(1, self.hosts + 1):
            space, cable = self.space(host), self.cable(host)
            run("ip", "netns", "add", space)
            run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            run("ip", "link", "set", cable, "master", bridge, "up")
            self.run(host, "ip", "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
            self.run(host, "ip", "link", "set", "lo", "up")
            self.run(host, "ip", "link", "set", "eth0", "up")

    def close(self):
        """Remove it all; processes in it must have ended."""
        for host in range(1, self.hosts + 1):
            # the cable first: a namespace goes later than the command that deletes it
            subprocess.run(["ip", "link", "del", self.cable(host)], capture_output=True)
            subprocess.run(["ip", "netns", "del", self.space(host)], capture_output=True)
        subprocess.run(["ip", "link", "del", f"{self.tag}b"], capture_output=True)

    def space(self, host):
        return f"{self.tag}h{host}"

    def cable(self, host):
        return f"{self.tag}v{host}"

    def address(self, host):
        return f"{self.net}.{host}"

    def command(self, host, words):
        """The command that runs on a host; its pid is that of the program itself."""
        return inside_words(self.space(host), words)

    def run(self, host, *words):
        return run(*self.command(host, words))

    def inside(self, host, function):
        """Call a function in a thread that sees the network of a host."""
        result = {}

        def call():
            try:
                with open(f"/run/netns/{self.space(host)}", "rb") as space:
                    if libc.setns(space.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                result["value"] = function()
            except BaseException as error:  # noqa: BLE001: raised again in the thread that asked
                result["error"] = error

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["value"]

    # -- faults --

    def cut(self, host):
        run("ip", "link", "set", self.cable(host), "down")

    def heal(self, host):
        run("ip", "link", "set", self.cable(host), "up")

    def block(self, source, target):
        """Drop what goes from one host to another; connections hang, as behind a firewall."""
        self.run(source, "ip", "route", "add", "blackhole", f"{self.address(target)}/32")
        self.blocked.append((source, target))

    def unblock(self):
        for source, target in self.blocked:
            self.run(source, "ip", "route", "del", "blackhole", f"{self.address(target)}/32")
        self.blocked = []

    def impair(self, host, *words):
        """tc netem on what a host sends: "delay", "50ms", "loss", "5%". False: the kernel has none."""
        self.repair(host)
        done = subprocess.run(
            self.command(host, ["tc", "qdisc", "add", "dev", "eth0", "root", "netem", *words]),
            capture_output=True,
            text=True,
        )
        return done.returncode == 0

    def limit(self, host, megabits):
        """A slow cable: what a host sends. False: the kernel cannot."""
        self.repair(host)
        words = ["tbf", "rate", f"{megabits}mbit", "burst", "64k", "latency", "200ms"]
        done = subprocess.run(
            self.command(host, ["tc", "qdisc", "add", "dev", "eth0", "root", *words]), capture_output=True
        )
        return done.returncode == 0

    def repair(self, host):
        subprocess.run(
            self.command(host, ["tc", "qdisc", "del", "dev", "eth0", "root"]), capture_output=True
        )
