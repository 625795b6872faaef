"""What nobody should send to a port of a cluster, by seed."""

import random
import socket

import zmtp


def broken_bytes(rng):
    """Bytes that are no ZMTP, or end too early."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 400))
    if kind == 1:
        return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * rng.randrange(1, 50)
    if kind == 2:
        return zmtp.GREETING[: rng.randrange(1, len(zmtp.GREETING))]
    greeting = bytearray(zmtp.GREETING)
    greeting[rng.randrange(len(greeting))] ^= 1 << rng.randrange(8)
    return bytes(greeting) + zmtp.ready()


def broken_frames(rng):
    """After the handshake: frames that are too large, cut, of no kind, or commands that nobody knows."""
    kind = rng.randrange(6)
    if kind == 0:
        return b"\x02" + rng.choice((0xFF, 0x7F, 0x00)).to_bytes(1, "big") + rng.randbytes(7)
    if kind == 1:
        return bytes([rng.randrange(256), 255]) + rng.randbytes(rng.randrange(255))
    if kind == 2:
        name = rng.choice((b"READY", b"ERROR", b"PING", b"PONG", b"SUBSCRIBE", b"NOTHING"))
        return zmtp.frame(bytes([len(name)]) + name + rng.randbytes(rng.randrange(40)), zmtp.COMMAND)
    if kind == 3:
        return zmtp.message([b""] * rng.randrange(1, 80))
    if kind == 4:
        return zmtp.message([rng.randbytes(rng.randrange(600)) for _ in range(rng.randrange(1, 80))])
    return rng.randbytes(rng.randrange(1, 400))


def mutated(rng, recorded):
    """A real message, changed: bits, length, frames."""
    parts = [bytearray(part) for part in rng.choice(recorded)]
    for _ in range(rng.randrange(1, 4)):
        part = rng.choice(parts)
        kind = rng.randrange(7)
        if kind == 0 and part:
            part[rng.randrange(len(part))] ^= 1 << rng.randrange(8)
        elif kind == 1 and part:
            part[rng.randrange(len(part))] = rng.choice((0, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            del part[rng.randrange(len(part) + 1) :]
        elif kind == 3:
            part.extend(rng.randbytes(rng.randrange(60)))
        elif kind == 4 and len(parts) > 1:
            parts.remove(part)
        elif kind == 5:
            parts.insert(rng.randrange(len(parts) + 1), bytearray(rng.choice(rng.choice(recorded))))
        else:
            rng.shuffle(parts)
    return zmtp.message(parts)


def throw_at_zmq(port, seed, recorded, connections):
    """How many messages there were."""
    rng, count = random.Random(seed), 0
    for _ in range(connections):
        if rng.randrange(4) == 0:
            zmtp.say(port, broken_bytes(rng), shake=False)
        elif rng.randrange(3) == 0:
            zmtp.say(port, *(broken_frames(rng) for _ in range(rng.randrange(1, 4))))
        else:
            pieces = [
                zmtp.message(rng.choice(recorded)) if rng.randrange(4) == 0 else mutated(rng, recorded)
                for _ in range(rng.randrange(1, 4))
            ]
            count += len(pieces)
            zmtp.say(port, *pieces)
    return count


REQUESTS = (
    b"GET /api/v1/cluster HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST /api/v1/jobs/1/cancel HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"BREW / HTTP/9.9\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
)


def throw_at_http(port, seed, connections):
    rng = random.Random(seed)
    for _ in range(connections):
        request = bytearray(rng.choice(REQUESTS))
        for _ in range(rng.randrange(4)):
            request[rng.randrange(len(request))] = rng.randrange(256)
        if rng.randrange(3) == 0:
            del request[rng.randrange(1, len(request)) :]
        try:
            with socket.create_connection(("127.0.0.1", port), zmtp.TIMEOUT_S) as s:
                s.settimeout(zmtp.TIMEOUT_S)
                s.sendall(bytes(request))
                s.shutdown(socket.SHUT_WR)
                while s.recv(1 << 16):
                    pass
        except ConnectionError:
            pass  # it hung up, as it may
