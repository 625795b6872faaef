"""A TCP forwarder before a port of this machine, whose connections can be cut.

    with Forwarder(port) as way:
        ...                    # who connects to way.port reaches port
        way.cut()              # all its connections, at once and without a farewell
        way.cut_after(100000)  # … again and again, when so many bytes came back from the port
    way.refuse()           # … and let nobody in any more
    way.drop()             # what is sent is lost from now on, and nobody is told

way.cuts counts the connections that were cut."""

import selectors
import socket
import struct
import threading

PIECE = 65536
RESET = struct.pack("ii", 1, 0)  # closing a socket with this linger resets its connection


class Forwarder:
    def __init__(self, to):
        self.to, self.cuts, self.lock = to, 0, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs, self.most = [], None
        self.refuses = self.drops = False

    def __enter__(self):
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self.listener.close()
        self.cut()
        self.thread.join()

    def cut(self):
        with self.lock:
            pairs, self.pairs = self.pairs, []
            self.cuts += len(pairs)
        for pair in pairs:
            self._close(pair)

    def refuse(self):
        self.refuses = True
        self.cut()

    def drop(self):
        self.drops = True

    def cut_after(self, most):
        self.most = most

    @staticmethod
    def _close(pair):
        for end in pair:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
            except OSError:
                pass
            end.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.append((near, far))
            threading.Thread(target=self._forward, args=(near, far), daemon=True).start()

    def _forward(self, near, far):
        back = 0
        try:
            with selectors.DefaultSelector() as ends:
                ends.register(near, selectors.EVENT_READ, far)
                ends.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in ends.select():
                        piece = key.fileobj.recv(PIECE)
                        if not piece:
                            return
                        back += len(piece) if key.fileobj is far else 0
                        if self.most is not None and back > self.most:
                            self._count_cut(near, far)
                            return
                        if not self.drops:
                            key.data.sendall(piece)
        except (OSError, ValueError):
            pass  # it was cut
        finally:
            with self.lock:
                if (near, far) in self.pairs:
                    self.pairs.remove((near, far))
            self._close((near, far))

    def _count_cut(self, near, far):
        with self.lock:
            if (near, far) in self.pairs:
                self.pairs.remove((near, far))
                self.cuts += 1
