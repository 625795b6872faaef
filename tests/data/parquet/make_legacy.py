#!/usr/bin/env python3
"""Make legacy.parquet: what older writers wrote and pyarrow does not write: lists of two levels, a repeated
field without a list around it, MAP_KEY_VALUE, decimals in BYTE_ARRAY, bit-packed levels, LZ4 framed as Hadoop
does. Its rows as text, as pyarrow reads them, are legacy.txt.

    make_legacy.py        with pyarrow
"""
import pathlib
import struct

import pyarrow as pa

import make

INT32, INT64, BYTE_ARRAY = 1, 2, 6
OPTIONAL, REPEATED, REQUIRED = 1, 2, 0
UTF8, MAP_KEY_VALUE, LIST, DECIMAL = 0, 2, 3, 5
PLAIN, RLE, BIT_PACKED = 0, 3, 4
NONE, LZ4 = 0, 5


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def zigzag(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


class Long(int):
    """An i64; other integers are i32."""


def encode(value):
    """A value in the thrift compact protocol: (type, bytes). Structs are dicts by field id."""
    if isinstance(value, int):
        return 6 if isinstance(value, Long) else 5, zigzag(value)
    if isinstance(value, str):
        return 8, varint(len(value)) + value.encode()
    if isinstance(value, list):
        items = [encode(v) for v in value]
        return 9, bytes([min(len(items), 15) << 4 | items[0][0]]) + (
            varint(len(items)) if len(items) > 14 else b"") + b"".join(b for _, b in items)
    out, last = b"", 0
    for id, field in sorted(value.items()):
        type, body = encode(field)
        out += bytes([id - last << 4 | type]) + body
        last = id
    return 12, out + b"\0"


def runs(levels):
    body = b"".join(varint(1 << 1) + bytes([v]) for v in levels)
    return struct.pack("<I", len(body)) + body


def packed(levels):
    """One bit a level, the first in the highest bit."""
    bits = "".join(str(v) for v in levels)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def plain(type, values):
    if type == BYTE_ARRAY:
        return b"".join(struct.pack("<I", len(v)) + v for v in values)
    return b"".join(struct.pack("<i" if type == INT32 else "<q", v) for v in values)


def big_endian(n):
    return n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True)


def element(name, repetition=None, type=None, children=None, converted=None, scale=None, precision=None):
    fields = {1: type, 3: repetition, 4: name, 5: children, 6: converted, 7: scale, 8: precision}
    return {id: v for id, v in fields.items() if v is not None}


SCHEMA = [
    element("root", children=7),
    element("dec", OPTIONAL, BYTE_ARRAY, converted=DECIMAL, scale=2, precision=20),
    element("two", OPTIONAL, children=1, converted=LIST),
    element("element", REPEATED, INT32),
    element("tuples", OPTIONAL, children=1, converted=LIST),
    element("array", REPEATED, children=1),
    element("a", REQUIRED, INT32),
    element("loose", REPEATED, INT64),
    element("kv", OPTIONAL, children=1, converted=MAP_KEY_VALUE),
    element("map", REPEATED, children=2),
    element("key", REQUIRED, BYTE_ARRAY, converted=UTF8),
    element("value", OPTIONAL, INT32),
    element("packed", OPTIONAL, INT32),
    element("framed", REQUIRED, INT64),
]
SCHEMA_PACKED = 5  # the column of the bit-packed levels
# path, type, repetition levels, definition levels, values; four rows each
DEC = [123, -45678901234567890, 0]
CHUNKS = [
    ("dec", BYTE_ARRAY, None, [1, 0, 1, 1], [big_endian(n) for n in DEC]),
    ("two.element", INT32, [0, 1, 0, 0, 0], [2, 2, 0, 1, 2], [1, 2, 3]),
    ("tuples.array.a", INT32, [0, 0, 0, 1, 0], [2, 1, 2, 2, 0], [7, 8, 9]),
    ("loose", INT64, [0, 0, 0, 1, 0], [1, 0, 1, 1, 0], [10, 11, 12]),
    ("kv.map.key", BYTE_ARRAY, [0, 1, 0, 0, 0], [2, 2, 0, 1, 2], [b"k", b"l", b"m"]),
    ("kv.map.value", INT32, [0, 1, 0, 0, 0], [3, 2, 0, 1, 3], [5, 6]),
    ("packed", INT32, None, [1, 0, 1, 1], [100, 200, 300]),
    ("framed", INT64, None, None, [1 << 40, 2, 3, 4]),
]


def chunk(out, path, type, rep, definition, values):
    """Append the one page of a column to out; its ColumnChunk."""
    def_encoding = BIT_PACKED if path == "packed" else RLE
    body = runs(rep) if rep else b""
    if definition:
        body += packed(definition) if def_encoding == BIT_PACKED else runs(definition)
    body += plain(type, values)
    codec, stored = NONE, body
    if path == "framed":
        codec = LZ4
        block = pa.Codec("lz4_raw").compress(body, asbytes=True)
        stored = struct.pack(">II", len(body), len(block)) + block
    count = len(definition or values)
    page = {1: 0, 2: len(body), 3: len(stored), 5: {1: count, 2: PLAIN, 3: def_encoding, 4: RLE}}
    offset = Long(len(out))
    out += encode(page)[1] + stored
    size = Long(len(out) - offset)
    meta = {1: type, 2: [PLAIN, RLE], 3: path.split("."), 4: codec}
    meta |= {5: Long(count), 6: size, 7: size, 9: offset}
    return {2: offset, 3: meta}


def main():
    out = bytearray(b"PAR1")
    columns = [chunk(out, *c) for c in CHUNKS]
    group = {1: columns, 2: Long(len(out)), 3: Long(4)}
    footer = encode({1: 1, 2: SCHEMA, 3: Long(4), 4: [group]})[1]
    out += footer + struct.pack("<I", len(footer)) + b"PAR1"
    (pathlib.Path(__file__).parent / "legacy.parquet").write_bytes(out)
    make.note("legacy")
    # pyarrow takes bit-packed levels from the lowest bit; Encodings.md says from the highest.
    note = pathlib.Path(__file__).parent / "legacy.txt"
    rows = [line.split("\t") for line in note.read_text().splitlines()]
    for row, value in zip(rows, ("100", "NULL", "200", "300")):
        row[SCHEMA_PACKED] = value
    note.write_text("".join("\t".join(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
