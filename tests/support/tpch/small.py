#!/usr/bin/env python3
"""TPC-H-shaped data without any generator: `weft sql` makes it itself. small.py --weft WEFT --dir DIR

The eight tables have the names, types, key relations and text patterns that the 22 queries ask for, so
that every query gives rows; the distributions are not TPC-H's. Tables are folders of Parquet files with the
same rows on every run: with 30,000 orders about 120,000 line items, which the planner cuts into several
tasks. --orders gives tables of another size, each in proportion."""

import argparse
import os
import shutil
import subprocess

ORDERS = 30000


def pick(n, salt, count):
    """A number in [0, count) that looks random: a function of the BIGINT expression n and the salt alone.

    A square keeps neighbours apart; nothing passes 2^63."""
    mixed = f"(({n} * 48271 + {salt * 104729}) % 2147483647)"
    return f"({mixed} * {mixed} % 2147483647 * 69621 + {salt}) % 2147483647 % {count}"


def choose(n, salt, words):
    """One of the words, none of which has a space at its end."""
    width = max(map(len, words))
    text = "".join(word.ljust(width) for word in words)
    return f"trim(substring('{text}', cast({pick(n, salt, len(words))} as int) * {width} + 1, {width}))"


def money(n, salt, low, high):
    """A DECIMAL(15,2) between low and high, both in hundredths."""
    return f"cast(cast({pick(n, salt, high - low + 1)} + {low} as decimal(15,0)) / 100 as decimal(15,2))"


def number(n):
    return f"lpad(cast({n} as string), 9, '0')"


def phone(nation):
    number_of = "lpad(cast(k % 1000 as string), 3, '0')"
    return f"concat(cast({nation} + 10 as string), '-', {number_of}, '-555-0199')"


REGIONS = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
NATIONS = (
    ("ALGERIA", 0), ("ARGENTINA", 1), ("BRAZIL", 1), ("CANADA", 1), ("EGYPT", 4), ("ETHIOPIA", 0),
    ("FRANCE", 3), ("GERMANY", 3), ("INDIA", 2), ("INDONESIA", 2), ("IRAN", 4), ("IRAQ", 4), ("JAPAN", 2),
    ("JORDAN", 4), ("KENYA", 0), ("MOROCCO", 0), ("MOZAMBIQUE", 0), ("PERU", 1), ("CHINA", 2), ("ROMANIA", 3),
    ("SAUDI ARABIA", 4), ("VIETNAM", 2), ("RUSSIA", 3), ("UNITED KINGDOM", 3), ("UNITED STATES", 1),
)  # fmt: skip
COLOURS = ("forest", "green", "azure", "blush", "chocolate", "drab", "ivory", "lime", "navy", "rose", "tan")
SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY")
PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW")
MODES = ("AIR", "AIR REG", "FOB", "MAIL", "RAIL", "SHIP", "TRUCK")
INSTRUCTIONS = ("COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN")
NOTES = ("carefully final", "special packages and requests", "quick deposits", "Customer slow Complaints")
SIZES = ("SM", "LG", "MED", "JUMBO", "WRAP")
BOXES = ("CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM")
KINDS = ("STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO")
COATS = ("ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED")
METALS = ("TIN", "NICKEL", "BRASS", "STEEL", "COPPER")


def sequence(count):
    """A relation of one BIGINT column k: 1 .. count."""
    digits = len(str(count - 1))
    places = ", ".join(f"digit d{i}" for i in range(digits))
    value = " + ".join(f"d{i}.n * {10**i}" for i in range(digits))
    return f"(SELECT {value} + 1 AS k FROM {places} WHERE {value} < {count})"


def tables(orders):
    """(name, SELECT that gives its rows) for tables of so many orders, a multiple of 150."""
    customers, parts, suppliers = orders // 10, orders * 2 // 15, orders // 150
    regions = ", ".join(f"({i}, '{name}')" for i, name in enumerate(REGIONS))
    yield "region", (
        "SELECT cast(k as bigint) r_regionkey, name r_name, 'ideas' r_comment "
        f"FROM VALUES {regions} AS t(k, name)"
    )
    nations = ", ".join(f"({i}, '{name}', {region})" for i, (name, region) in enumerate(NATIONS))
    yield "nation", (
        "SELECT cast(k as bigint) n_nationkey, name n_name, cast(region as bigint) n_regionkey, "
        f"'ideas' n_comment FROM VALUES {nations} AS t(k, name, region)"
    )
    yield "supplier", (
        f"SELECT k s_suppkey, concat('Supplier#', {number('k')}) s_name, "
        f"concat('street ', cast(k as string)) s_address, k % 25 s_nationkey, {phone('k % 25')} s_phone, "
        f"{money('k', 1, -99999, 999999)} s_acctbal, {choose('k', 2, NOTES)} s_comment "
        f"FROM {sequence(suppliers)}"
    )
    nation = pick("k", 3, 25)
    yield "customer", (
        f"SELECT k c_custkey, concat('Customer#', {number('k')}) c_name, "
        f"concat('street ', cast(k as string)) c_address, {nation} c_nationkey, {phone(nation)} c_phone, "
        f"{money('k', 4, -99999, 999999)} c_acctbal, {choose('k', 5, SEGMENTS)} c_mktsegment, "
        f"{choose('k', 6, NOTES)} c_comment FROM {sequence(customers)}"
    )
    yield "part", (
        f"SELECT k p_partkey, concat({choose('k', 7, COLOURS)}, ' ', {choose('k', 8, COLOURS)}) p_name, "
        f"concat('Manufacturer#', cast(k % 5 + 1 as string)) p_mfgr, "
        f"concat('Brand#', cast(k % 5 + 1 as string), cast({pick('k', 9, 5)} + 1 as string)) p_brand, "
        f"concat({choose('k', 10, KINDS)}, ' ', {choose('k', 11, COATS)}, ' ', {choose('k', 12, METALS)}) "
        f"p_type, "
        f"cast({pick('k', 13, 50)} + 1 as int) p_size, "
        f"concat({choose('k', 14, SIZES)}, ' ', {choose('k', 15, BOXES)}) p_container, "
        f"{money('k', 16, 90000, 200000)} p_retailprice, 'ideas' p_comment FROM {sequence(parts)}"
    )
    supplier = f"(k + i * {suppliers // 4 + 1}) % {suppliers} + 1"
    yield "partsupp", (
        f"SELECT k ps_partkey, {supplier} ps_suppkey, "
        f"cast({pick('(k * 4 + i)', 17, 9999)} + 1 as int) ps_availqty, "
        f"{money('(k * 4 + i)', 18, 100, 100000)} ps_supplycost, {choose('(k * 4 + i)', 19, NOTES)} "
        f"ps_comment FROM {sequence(parts)}, VALUES (0), (1), (2), (3) AS t(i)"
    )
    # a third of the customers has no orders
    customer = f"({pick('k', 20, customers // 3)}) * 3 + 1 + k % 2"
    date = f"date_add(date'1992-01-01', cast({pick('k', 21, 2406)} as int))"
    yield "orders", (
        f"SELECT k * 4 o_orderkey, {customer} o_custkey, {choose('k', 22, ('F', 'O', 'P'))} o_orderstatus, "
        f"{money('k', 23, 100000, 50000000)} o_totalprice, {date} o_orderdate, "
        f"{choose('k', 24, PRIORITIES)} o_orderpriority, concat('Clerk#', {number('k % 1000')}) o_clerk, "
        f"0 o_shippriority, {choose('k', 25, NOTES)} o_comment FROM {sequence(orders)}"
    )
    line = "(k * 8 + i)"
    quantity = f"CASE WHEN k % 97 = 0 THEN 50 ELSE {pick(line, 26, 50)} + 1 END"
    part = f"{pick(line, 27, parts)} + 1"
    of_part = f"({part} + {pick(line, 28, 4)} * {suppliers // 4 + 1}) % {suppliers} + 1"
    ship = f"date_add({date}, cast({pick(line, 29, 121)} + 1 as int))"
    commit = f"date_add({date}, cast({pick(line, 30, 61)} + 30 as int))"
    receipt = f"date_add({ship}, cast({pick(line, 31, 30)} + 1 as int))"
    yield "lineitem", (
        f"SELECT k * 4 l_orderkey, {part} l_partkey, {of_part} l_suppkey, cast(i as int) l_linenumber, "
        f"cast({quantity} as decimal(15,2)) l_quantity, {money(line, 32, 90000, 9000000)} l_extendedprice, "
        f"{money(line, 33, 0, 10)} l_discount, {money(line, 34, 0, 8)} l_tax, "
        f"CASE WHEN {receipt} > date'1995-06-17' THEN 'N' ELSE {choose(line, 35, ('A', 'R'))} END "
        f"l_returnflag, "
        f"CASE WHEN {ship} > date'1995-06-17' THEN 'O' ELSE 'F' END l_linestatus, "
        f"{ship} l_shipdate, {commit} l_commitdate, {receipt} l_receiptdate, "
        f"{choose(line, 36, INSTRUCTIONS)} l_shipinstruct, {choose(line, 37, MODES)} l_shipmode, "
        f"{choose(line, 38, NOTES)} l_comment FROM {sequence(orders)}, "
        f"VALUES (1), (2), (3), (4), (5), (6), (7) AS t(i) WHERE i <= {pick('k', 39, 7)} + 1"
    )


def generate(weft, folder, orders=ORDERS):
    """Make the folder, unless it is there."""
    if os.path.isdir(folder):
        return
    part = f"{folder.rstrip('/')}.part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    script = os.path.join(part, "make.sql")
    with open(script, "w", encoding="utf-8") as file:
        digits = ", ".join(f"(cast({i} as bigint))" for i in range(10))
        file.write(f"CREATE TEMPORARY VIEW digit AS SELECT * FROM VALUES {digits} AS t(n);\n")
        for name, select in tables(orders):
            path = os.path.join(part, f"{name}.parquet")
            file.write(f"INSERT OVERWRITE DIRECTORY '{path}' USING parquet {select};\n")
    subprocess.run([weft, "sql", "-S", "--master", "local[2]", "-f", script], check=True)
    os.remove(script)
    os.rename(part, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weft", default="build/release/weft")
    parser.add_argument("--dir", required=True)
    parser.add_argument("--orders", type=int, default=ORDERS)
    options = parser.parse_args()
    generate(options.weft, options.dir, options.orders)


if __name__ == "__main__":
    main()
