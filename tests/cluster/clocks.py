"""Wall clocks of processes that jump: see jumping_clock.c in support/faults."""

import mmap
import os
import struct

from cluster import preloaded

BYTES = 16


class Clock:
    def __init__(self, folder, name):
        self.name, self.path = name, os.path.join(folder, f"{name}.clock")
        with open(self.path, "wb") as file:
            file.write(bytes(BYTES))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), BYTES)

    def jump(self, seconds):
        """From now on it is off by so much."""
        self.shared[0:8] = struct.pack("q", seconds)

    @property
    def asked(self):
        """How often it was while it was off."""
        return struct.unpack("q", self.shared[8:16])[0]

    @property
    def environment(self):
        return {
            **preloaded("libjumping_clock.so"),
            "WEFT_CLOCK_FILE": self.path,
        }


class Clocks:
    """One for each name."""

    def __init__(self, folder):
        self.folder, self.clocks = folder, {}

    def of(self, name):
        if name not in self.clocks:
            self.clocks[name] = Clock(self.folder, name)
        return self.clocks[name]

    def environment(self, name):
        return self.of(name).environment

    def all(self):
        return list(self.clocks.values())
