"""A session with a ZooKeeper server, in a few lines of its protocol: what a stranger, or one who knows the
password, sees and can do.

    with Session("127.0.0.1", 2181) as zk:            # a stranger
        zk.children("/weft")                          # raises Refused
    with Session(host, port, login="weft:…") as zk:   # the user of zookeeper.secret
        for path, value in zk.walk("/weft"): …

Source: zookeeper.jute of ZooKeeper 3.8 (records, operations, errors)."""

import hashlib
import socket
import struct

CREATE, DELETE, EXISTS, GET, SET, GET_ACL, SET_ACL, CHILDREN, AUTH, CLOSE = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    100,
    -11,
)
NO_NODE, NO_AUTH, NOT_EMPTY = -101, -102, -111
OPEN_ACL = struct.pack(">ii", 1, 31) + b"".join(
    struct.pack(">i", len(word)) + word for word in (b"world", b"anyone")
)


class Failed(Exception):
    """The server's error, by its number."""

    def __init__(self, operation, path, code):
        super().__init__(f"operation {operation} on {path}: error {code}")
        self.code = code


class Refused(Failed):
    """This session may not do that."""


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">i", len(value)) + value


class Session:
    def __init__(self, host, port, login=None, timeout_s=20):
        self.number = 0
        self.socket = socket.create_connection((host, port), timeout_s)
        self._send(struct.pack(">iqiq", 0, 0, timeout_s * 1000, 0) + text(bytes(16)) + b"\0")
        self._receive()
        if login is not None:
            self._send(struct.pack(">iii", -4, AUTH, 0) + text("digest") + text(login))
            self._answer(AUTH, "")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send(struct.pack(">ii", 0, CLOSE))
            self._receive()
        except OSError:
            pass
        self.socket.close()

    def _send(self, body):
        self.socket.sendall(struct.pack(">i", len(body)) + body)

    def _take(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise OSError("the server has closed the session")
            got += part
        return got

    def _receive(self):
        return self._take(struct.unpack(">i", self._take(4))[0])

    def _answer(self, operation, path):
        answer = self._receive()
        code = struct.unpack(">i", answer[12:16])[0]
        if code == NO_AUTH:
            raise Refused(operation, path, code)
        if code != 0:
            raise Failed(operation, path, code)
        return answer[16:]

    def _ask(self, operation, path, more=b""):
        self.number += 1
        self._send(struct.pack(">ii", self.number, operation) + text(path) + more)
        return self._answer(operation, path)

    # -- what one can ask --

    def get(self, path):
        answer = self._ask(GET, path, b"\0")
        length = struct.unpack(">i", answer[:4])[0]
        return answer[4 : 4 + max(0, length)]

    def set(self, path, value):
        self._ask(SET, path, text(value) + struct.pack(">i", -1))

    def set_acl(self, path):
        """Let everybody in."""
        self._ask(SET_ACL, path, OPEN_ACL + struct.pack(">i", -1))

    def create(self, path, value=b""):
        self._ask(CREATE, path, text(value) + OPEN_ACL + struct.pack(">i", 0))

    def delete(self, path):
        self._ask(DELETE, path, struct.pack(">i", -1))

    def children(self, path):
        answer = self._ask(CHILDREN, path, b"\0")
        count, at, names = struct.unpack(">i", answer[:4])[0], 4, []
        for _ in range(count):
            length = struct.unpack(">i", answer[at : at + 4])[0]
            names.append(answer[at + 4 : at + 4 + length].decode())
            at += 4 + length
        return names

    def walk(self, path):
        """(path, value) of a node and all below it; those that go meanwhile are left out."""
        try:
            value, names = self.get(path), self.children(path)
        except Failed as error:
            if error.code != NO_NODE:
                raise
            return
        yield path, value
        for name in names:
            yield from self.walk(f"{path.rstrip('/')}/{name}")

    def digest(self, path):
        """Of all nodes below this one and their values."""
        found = hashlib.sha256()
        for node, value in sorted(self.walk(path)):
            found.update(text(node) + text(value))
        return found.hexdigest()
