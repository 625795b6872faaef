"""Real ZooKeeper servers on the loopback, of Debian's packages libzookeeper-java and openjdk-17-jre-headless
(scripts/deps test): one server, or an ensemble.

    with Zookeeper(folder, servers=3) as zk:
        zk.address            "127.0.0.1:41234,127.0.0.1:41235,…"
        zk.kill(1); zk.start(1); zk.pause(0); zk.resume(0)

From a shell, for the time of one command, which finds the servers in $WEFT_ZOOKEEPER, their files in
$WEFT_ZOOKEEPER_DIR:
    python3 zookeeper.py [--servers 3] [--dir DIR] -- COMMAND …

Time is short here: sessions of half a second are granted, and a session's end is seen within a tenth of one.
The servers do not wait for the disk (a process that is killed keeps what it has written; only the machine's
end would lose it) unless they are told to."""

import argparse
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

JARS = "/usr/share/java"
SKIPPED = 77  # CTest's SKIP_RETURN_CODE
START_S = 60
TICK_MS = 100


class ZookeeperError(Exception):
    """A server that does not do what it is told, with the end of its log."""


def missing():
    """What is not installed, or None."""
    if shutil.which("java") is None:
        return "openjdk-17-jre-headless"
    return None if os.path.exists(f"{JARS}/zookeeper.jar") else "libzookeeper-java"


def free_ports(count, host="127.0.0.1"):
    """Ports that nobody listens on now; all different."""
    held = [socket.socket() for _ in range(count)]
    try:
        for sock in held:
            sock.bind((host, 0))
        return [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            sock.close()


def ask(host, port, word, timeout=1.0):
    """The answer to one of the server's four-letter words; empty when it gives none."""
    try:
        with socket.create_connection((host, port), timeout) as sock:
            sock.settimeout(timeout)
            sock.sendall(word.encode())
            answer = b""
            while part := sock.recv(65536):
                answer += part
            return answer.decode(errors="replace")
    except OSError:
        return ""


class Zookeeper:
    """An ensemble of one, three or five servers. hosts: one for each (default: the loopback); inside: what a
    server's command begins with, to run it in a network namespace."""

    def __init__(
        self, folder, servers=1, hosts=None, inside=None, heap_mb=128, durable=False, min_session_ms=500
    ):
        self.folder = os.path.abspath(folder)
        self.count = servers
        self.hosts = hosts or ["127.0.0.1"] * servers
        self.inside = inside or [[]] * servers
        self.heap_mb = heap_mb
        self.durable = durable
        self.min_session_ms = min_session_ms
        self.processes = [None] * servers
        ports = free_ports(3 * servers)
        self.ports = ports[:servers]
        self.peers = list(zip(ports[servers : 2 * servers], ports[2 * servers :]))
        for index in range(servers):
            self._configure(index)

    @property
    def address(self):
        return ",".join(f"{host}:{port}" for host, port in zip(self.hosts, self.ports))

    def _home(self, index):
        return os.path.join(self.folder, f"zookeeper-{index + 1}")

    def _configure(self, index):
        data = os.path.join(self._home(index), "data")
        os.makedirs(data, exist_ok=True)
        with open(os.path.join(data, "myid"), "w", encoding="ascii") as file:
            file.write(f"{index + 1}\n")
        lines = [
            f"tickTime={TICK_MS}",
            "initLimit=200",  # ticks: a machine may be busy
            "syncLimit=50",
            f"dataDir={data}",
            f"clientPort={self.ports[index]}",
            f"clientPortAddress={self.hosts[index]}",
            "maxClientCnxns=0",
            f"minSessionTimeout={self.min_session_ms}",
            "maxSessionTimeout=60000",
            "admin.enableServer=false",
            "4lw.commands.whitelist=*",
        ]
        if self.count > 1:
            for other in range(self.count):
                first, second = self.peers[other]
                lines.append(f"server.{other + 1}={self.hosts[other]}:{first}:{second}")
        with open(os.path.join(self._home(index), "zoo.cfg"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")

    def _command(self, index):
        jars = [f"{JARS}/zookeeper.jar", f"{JARS}/slf4j-simple.jar"]
        jars += sorted(glob.glob(f"{JARS}/netty-*.jar"))
        return [
            *self.inside[index],
            "java",
            f"-Xmx{self.heap_mb}m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",  # starts in half the time
            "-Dzookeeper.jmx.log4j.disable=true",
            "-Dzookeeper.preAllocSize=1024",
            f"-Dzookeeper.forceSync={'yes' if self.durable else 'no'}",
            "-cp",
            os.pathsep.join(jars),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            os.path.join(self._home(index), "zoo.cfg"),
        ]

    def start(self, *indexes, wait=True):
        """Start these servers (none named: all), and wait until they serve."""
        for index in indexes or range(self.count):
            with open(os.path.join(self._home(index), "log"), "ab") as log:
                self.processes[index] = subprocess.Popen(
                    self._command(index), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        if wait:
            self.wait(*indexes)
        return self

    def wait(self, *indexes):
        """Until these servers (none named: all) serve."""
        end = time.monotonic() + START_S
        for index in indexes or range(self.count):
            while "Mode:" not in self.tell(index, "srvr"):
                process = self.processes[index]
                if process is None or process.poll() is not None:
                    raise ZookeeperError(f"server {index} died while starting\n{self._log_end(index)}")
                if time.monotonic() > end:
                    raise ZookeeperError(f"server {index} does not serve\n{self._log_end(index)}")
                time.sleep(0.05)

    def tell(self, index, word):
        """Ask a server by a four-letter word: srvr, mntr, dump, wchs, …"""
        return ask(self.hosts[index], self.ports[index], word)

    def value(self, index, name):
        """A number of `mntr`: zk_znode_count, zk_approximate_data_size, …; None when it is not told."""
        for line in self.tell(index, "mntr").splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == name:
                return float(words[1])
        return None

    def leader(self):
        """Which server leads (or is alone); None: none now."""
        for index in range(self.count):
            if any(mode in self.tell(index, "srvr") for mode in ("Mode: leader", "Mode: standalone")):
                return index
        return None

    def _log_end(self, index):
        try:
            with open(os.path.join(self._home(index), "log"), encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-20:])
        except OSError as error:
            return str(error)

    def _signal(self, index, number):
        process = self.processes[index]
        if process is not None and process.poll() is None:
            process.send_signal(number)

    def pause(self, index):
        self._signal(index, signal.SIGSTOP)

    def resume(self, index):
        self._signal(index, signal.SIGCONT)

    def kill(self, *indexes):
        """End these servers (none named: all) at once; what they have written stays."""
        for index in indexes or range(self.count):
            self._signal(index, signal.SIGKILL)
            if self.processes[index] is not None:
                self.processes[index].wait()
            self.processes[index] = None

    stop = kill

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.kill()
            raise

    def __exit__(self, *error):
        self.kill()


def main():
    parser = argparse.ArgumentParser(description="run a command beside real ZooKeeper servers")
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--dir", help="kept; by default a folder that is removed")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    package = missing()
    if package is not None:
        print(f"skipped: {package} is not installed", file=sys.stderr)
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="weft-zookeeper-") as folder:
        with Zookeeper(arguments.dir or folder, arguments.servers) as zookeeper:
            environment = dict(os.environ, WEFT_ZOOKEEPER=zookeeper.address)
            environment["WEFT_ZOOKEEPER_DIR"] = zookeeper.folder
            return subprocess.run(arguments.command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
