"""Machines to install on: each a Debian root folder of its own (an overlay on a shared bare one), a network
namespace of its own (tests/support/netlab.py), an ssh server, and in place of systemd's program of that name
the `systemctl` of this folder. Needs root.

    with Hosts("build/tools/host", count=3) as hosts:
        hosts.address(1), hosts.key, hosts.known_hosts
        hosts.inside(2, ["weft", "health"])       # a command on host 2

The shared root folder is made once (debootstrap and a few packages: two minutes) and kept. What runs in a
host is ended with it: every process whose root folder is that of the host."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
import tools  # noqa: E402
from support import netlab  # noqa: E402

tools.in_venv("ansible-core")
import yaml  # noqa: E402

# What every rented machine has; then what the roles install: a lab has no way out to fetch it.
PACKAGES = ["python3", "python3-apt", "openssh-server", "ca-certificates", "iproute2"]
ROLES = os.path.join(ROOT, "deploy", "ansible", "roles")
MOUNTS = ("proc", "sys", "dev")
START_S = 60


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def why_not():
    """None when hosts can be made here, else the reason."""
    if os.geteuid() != 0:
        return "other root folders need root"
    for program in ("debootstrap", "ssh-keygen", "ssh"):
        if shutil.which(program) is None:
            return f"the program {program} is not installed"
    return netlab.why_not()


def is_mounted(path):
    with open("/proc/mounts", encoding="utf-8") as file:
        return any(line.split()[1] == path for line in file)


def mount_all(root):
    for name in MOUNTS:
        run("mount", "--bind", f"/{name}", f"{root}/{name}")


def unmount_all(root):
    for name in reversed(MOUNTS):
        if is_mounted(f"{root}/{name}"):
            run("umount", f"{root}/{name}")


def packages():
    """As apt-get takes them."""
    found = list(PACKAGES)
    for role in sorted(os.listdir(ROLES)):
        with open(os.path.join(ROLES, role, "defaults", "main.yml"), encoding="utf-8") as file:
            found += yaml.safe_load(file).get(f"{role}_packages", [])
    return " ".join(found)


def make_base(folder):
    """The root folder that all hosts share; nothing when it is there with these packages."""
    root, ready, wanted = os.path.join(folder, "root"), os.path.join(folder, "ready"), packages()
    if os.path.exists(ready):
        with open(ready, encoding="ascii") as file:
            if file.read() == wanted:
                return root
    run(os.path.join(ROOT, "tests", "support", "chroot"), "make", folder)
    mount_all(root)
    try:
        script = (
            "mkdir -p /run/sshd && printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && "
            "chmod +x /usr/sbin/policy-rc.d && apt-get update -qq && "
            f"apt-get install -y -qq --no-install-recommends {wanted} && update-ca-certificates && "
            "rm -rf /var/cache/apt/archives/*.deb"
        )
        words = ["chroot", root, "env", "-i", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"]
        run(*words, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-ec", script)
    finally:
        unmount_all(root)
    with open(ready, "w", encoding="ascii") as file:
        file.write(wanted)
    return root


def processes_of(root):
    """Pids of those that have this root folder."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.readlink(f"/proc/{name}/root") == root:
                    found.append(int(name))
            except OSError:
                pass
    return found


class Hosts:
    def __init__(self, base, count=3):
        self.base, self.count = make_base(os.path.abspath(base)), count
        self.folder = tempfile.mkdtemp(prefix="weft-hosts-")
        self.lab = netlab.Netlab(hosts=count)
        self.key = os.path.join(self.folder, "key")
        self.known_hosts = os.path.join(self.folder, "known_hosts")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def root(self, host):
        return os.path.join(self.folder, str(host), "root")

    def address(self, host):
        return self.lab.address(host)

    def start(self):
        self.lab.start()
        # an overlay's upper folder must not lie on an overlay, which /tmp of a container may be
        run("mount", "-t", "tmpfs", "weft-hosts", self.folder)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        for host in range(1, self.count + 1):
            self.start_host(host)
        for host in range(1, self.count + 1):
            self.wait_for_ssh(host)

    def start_host(self, host):
        root = self.root(host)
        upper, work = (os.path.join(self.folder, str(host), name) for name in ("upper", "work"))
        for path in (root, upper, work):
            os.makedirs(path)
        options = f"lowerdir={self.base},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", options, root)
        mount_all(root)
        ssh = os.path.join(root, "root", ".ssh")
        os.makedirs(ssh, mode=0o700, exist_ok=True)
        shutil.copy(f"{self.key}.pub", os.path.join(ssh, "authorized_keys"))
        with open(os.path.join(root, "etc", "hostname"), "w", encoding="ascii") as file:
            file.write(f"host{host}\n")
        for name in ("systemctl", "systemd"):  # the second is what Ansible looks at
            path = os.path.join(root, "usr", "bin", name)
            if os.path.lexists(path):
                os.remove(path)
        shutil.copy(os.path.join(HERE, "systemctl"), os.path.join(root, "usr", "bin", "systemctl"))
        stamp = os.path.join(root, "var", "lib", "apt", "periodic", "update-success-stamp")
        os.makedirs(os.path.dirname(stamp), exist_ok=True)
        with open(stamp, "w", encoding="ascii"):
            pass  # apt's lists are of today
        self.inside(host, ["ssh-keygen", "-A"])
        words = self.words(host, ["/usr/sbin/sshd", "-D", "-e", "-o", f"ListenAddress={self.address(host)}"])
        log = open(os.path.join(self.folder, f"sshd{host}.log"), "wb")
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def wait_for_ssh(self, host):
        end = time.monotonic() + START_S
        while True:
            words = self.lab.command(1, ["ssh-keyscan", "-t", "ed25519", self.address(host)])
            found = subprocess.run(words, capture_output=True, text=True).stdout
            if found:
                with open(self.known_hosts, "a", encoding="ascii") as file:
                    file.write(found)
                return
            if time.monotonic() > end:
                raise OSError(f"host {host} has no ssh server after {START_S} s")
            time.sleep(0.1)

    def words(self, host, words):
        """A command as it is run on a host."""
        environment = ["env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
        return self.lab.command(host, ["chroot", self.root(host), *environment, *words])

    def inside(self, host, words, check=True):
        done = subprocess.run(self.words(host, words), capture_output=True, text=True, timeout=300)
        if check and done.returncode != 0:
            raise OSError(f"host {host}: {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def close(self):
        roots = [self.root(host) for host in range(1, self.count + 1)]
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            left = [pid for root in roots for pid in processes_of(root)]
            if not left:
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        for root in roots:
            if os.path.isdir(root):
                unmount_all(root)
                if is_mounted(root):
                    run("umount", root)
        if is_mounted(self.folder):
            run("umount", self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lab.close()
