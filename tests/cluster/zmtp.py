"""ZMTP 3.1 without keys on plain sockets: what strangers say to the ports of a cluster, and what its
processes say to each other, recorded. Frames by the specification rfc.zeromq.org/spec/23."""

import contextlib
import socket
import struct
import threading

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
MORE, LONG, COMMAND = 1, 2, 4  # flags of a frame
TIMEOUT_S = 20


def frame(body, flags=0):
    if len(body) > 255:
        return bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body
    return bytes([flags, len(body)]) + body


def property_of(name, value):
    return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value


def ready(kind=b"DEALER"):
    body = b"\x05READY" + property_of(b"Socket-Type", kind) + property_of(b"Identity", b"")
    return frame(body, COMMAND)


def message(frames):
    """A whole message as bytes."""
    last = len(frames) - 1
    return b"".join(frame(body, MORE if i < last else 0) for i, body in enumerate(frames))


def split(stream):
    """The messages of what one end said from its greeting on; without commands."""
    at, messages, parts = len(GREETING), [], []
    while at + 9 <= len(stream):  # a smaller one at the very end is left out
        flags = stream[at]
        size, body = stream[at + 1], at + 2
        if flags & LONG:
            size, body = struct.unpack_from(">Q", stream, at + 1)[0], at + 9
        if body + size > len(stream):
            break
        if not flags & COMMAND:
            parts.append(stream[body : body + size])
            if not flags & MORE:
                messages.append(parts)
                parts = []
        at = body + size
    return messages


def say(port, *what, shake=True):
    """Connect, say all that, and hear the far end out, which may hang up at any time: who closes earlier
    takes back what was not read yet."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as s:
        if shake:
            s.sendall(GREETING)
            s.recv(len(GREETING), socket.MSG_WAITALL)
            s.sendall(ready())
        s.sendall(b"".join(what))
        s.shutdown(socket.SHUT_WR)
        while s.recv(1 << 16):
            pass


class Recorder:
    """Passes bytes on between who connects to it and a port, and keeps what the former said."""

    def __init__(self, target):
        self.target, self.streams = target, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                kept = bytearray()
                self.streams.append(kept)
                threading.Thread(target=self._pass, args=(near, far, kept), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, None), daemon=True).start()

    def _pass(self, source, target, kept):
        with contextlib.suppress(OSError):
            while True:
                piece = source.recv(1 << 16)
                if not piece:
                    break
                if kept is not None:
                    kept.extend(piece)
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def messages(self):
        return [parts for stream in self.streams for parts in split(bytes(stream))]

    def close(self):
        self.listener.close()
