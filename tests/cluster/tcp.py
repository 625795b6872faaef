"""The kernel's list of TCP connections: who listens where, and what waits in sockets."""

import os
from collections import namedtuple

# local, remote: ports; sends, waits: bytes to be sent and to be read
Connection = namedtuple("Connection", "local remote listens sends waits inode")
LISTEN = "0A"


def connections():
    found = []
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):  # libzmq's are of the second kind
        with open(path, encoding="ascii") as file:
            for line in list(file)[1:]:
                words = line.split()
                local, remote = (int(words[i].rpartition(":")[2], 16) for i in (1, 2))
                sends, waits = (int(text, 16) for text in words[4].split(":"))
                found.append(Connection(local, remote, words[3] == LISTEN, sends, waits, int(words[9])))
    return found


def of_process(pid):
    """Those of one process."""
    inodes = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            inodes.add(int(target[8:-1]))
    return [connection for connection in connections() if connection.inode in inodes]


def listening_port(pid):
    """The port that a process with one listens on; None when it has none yet."""
    ports = [connection.local for connection in of_process(pid) if connection.listens]
    return ports[0] if ports else None
