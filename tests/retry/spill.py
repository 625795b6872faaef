#!/usr/bin/env python3
"""The output of a task does not depend on memory: rows come in one order, spilled or not (contract 5).

spill.py --weft WEFT --small DIR [--data DIR] [--seeds 5]

Runs queries without ORDER BY, whose order of rows is that of the operators, doubles included:
  plain   as they are;
  forced  weft.test.forceSpill: every operator that can spill does;
  seeds   weft.test.spillSeed: operators spill at random points, and attempt 0 of every task fails, so that
          two attempts of one task have spilled at different points.
All must give the same rows, bit by bit and in the same order."""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tpch, weft_cli  # noqa: E402
from support.tpch import small  # noqa: E402

FORCED = ("--conf", "weft.test.forceSpill=true")
ORDERED = "ORDER BY o_orderdate, o_orderkey"

QUERIES = {
    "inner": "SELECT o_orderkey, l_linenumber FROM orders JOIN lineitem ON o_orderkey = l_orderkey",
    "many to many": """SELECT a.o_orderkey x, b.o_orderkey y FROM orders a JOIN orders b
                       ON a.o_custkey = b.o_custkey WHERE a.o_orderkey < 9000 AND b.o_orderkey < 20000""",
    "left": """SELECT c_custkey, o_orderkey FROM customer LEFT JOIN orders
               ON c_custkey = o_custkey AND o_totalprice > 100000""",
    "right": """SELECT c_custkey, o_orderkey FROM (SELECT * FROM customer WHERE c_custkey < 2000) c
                RIGHT JOIN orders ON c_custkey = o_custkey""",
    "full": """SELECT c_custkey, o_orderkey FROM (SELECT * FROM customer WHERE c_custkey < 2000) c
               FULL JOIN (SELECT * FROM orders WHERE o_custkey > 1000) o ON c_custkey = o_custkey""",
    "semi": """SELECT c_custkey FROM customer
               WHERE EXISTS (SELECT 1 FROM orders WHERE o_custkey = c_custkey AND o_totalprice > 100000)""",
    "anti": "SELECT c_custkey FROM customer WHERE c_custkey NOT IN (SELECT o_custkey FROM orders)",
    "mark": """SELECT c_custkey FROM customer
               WHERE c_acctbal < 0 OR c_custkey IN (SELECT o_custkey FROM orders WHERE o_orderkey < 9000)""",
    "hot key": """SELECT a.o_orderkey x, b.o_orderkey y FROM orders a LEFT JOIN orders b
                  ON a.o_orderstatus = b.o_orderstatus AND a.o_orderkey < b.o_orderkey
                  WHERE a.o_orderkey < 900 AND b.o_orderkey < 900""",
    "chain": """SELECT a.o_orderkey x, b.o_orderkey y, l_linenumber FROM orders a
                JOIN orders b ON a.o_custkey = b.o_custkey JOIN lineitem ON l_orderkey = b.o_orderkey
                WHERE a.o_orderkey < 3000 AND b.o_orderkey < 9000""",
    "loop": """SELECT o_orderkey, c_custkey FROM orders LEFT JOIN customer
               ON o_totalprice < c_acctbal * 20 AND c_custkey < 300 WHERE o_orderkey < 20000""",
    "groups": """SELECT o_custkey, count(*), sum(cast(o_totalprice AS double) / 3), min(o_comment)
                 FROM orders GROUP BY o_custkey""",
    "many groups": """SELECT l_partkey, l_suppkey, avg(cast(l_extendedprice AS double) / 7)
                      FROM lineitem GROUP BY l_partkey, l_suppkey""",
    "moments": "SELECT o_clerk, stddev_samp(cast(o_totalprice AS double)) FROM orders GROUP BY o_clerk",
    "distinct": "SELECT DISTINCT l_shipmode, l_partkey FROM lineitem",
    "count distinct": """SELECT l_suppkey, count(DISTINCT l_partkey), sum(l_quantity) FROM lineitem
                         GROUP BY l_suppkey""",
    "no keys": "SELECT sum(cast(l_extendedprice AS double) / 3), max(l_comment), count(*) FROM lineitem",
    "rollup": """SELECT o_orderpriority, o_orderstatus, sum(cast(o_totalprice AS double) / 3) FROM orders
                 GROUP BY ROLLUP(o_orderpriority, o_orderstatus)""",
    "ties": "SELECT o_orderkey, o_comment FROM orders ORDER BY o_orderpriority",
    "first of ties": "SELECT o_orderkey FROM orders ORDER BY o_orderpriority LIMIT 3000",
    "union": "SELECT o_custkey FROM orders UNION SELECT c_custkey FROM customer",
    "except": "SELECT c_custkey FROM customer EXCEPT SELECT o_custkey FROM orders",
    "window": f"""SELECT o_orderkey, sum(cast(o_totalprice AS double) / 3)
                  OVER (PARTITION BY o_custkey {ORDERED}) FROM orders""",
    "one partition": f"""SELECT o_orderkey, row_number() OVER w, rank() OVER (ORDER BY o_orderdate),
                         ntile(7) OVER w, lag(o_comment, 5000) OVER w, lead(o_orderkey, 3, -1) OVER w,
                         nth_value(o_clerk, 3) OVER w, avg(cast(o_totalprice AS double)) OVER w
                         FROM orders WINDOW w AS ({ORDERED})""",
    "whole": """SELECT o_orderkey, sum(cast(o_totalprice AS double) / 3) OVER (), max(o_comment) OVER ()
                FROM orders""",
    "sliding": f"""SELECT o_orderkey,
                   sum(cast(o_totalprice AS double))
                   OVER ({ORDERED} ROWS BETWEEN 9 PRECEDING AND 9 FOLLOWING),
                   min(o_comment) OVER ({ORDERED} ROWS BETWEEN 3 PRECEDING AND CURRENT ROW),
                   count(*) OVER (ORDER BY o_orderkey RANGE BETWEEN 50 PRECEDING AND 50 FOLLOWING)
                   FROM orders""",
}


def run(options, arguments):
    views = tpch.view_statements(options.data)
    called = weft_cli.run_statements(
        options.weft, views + list(QUERIES.values()), ["-S", "--master", options.master, *arguments]
    )
    if called.code != 0:
        raise SystemExit(f"FAILED {' '.join(arguments)}\nended with {called.code}: {called.message}")
    return dict(zip(QUERIES, called.rows[len(views) :]))


def compare(plain, rows, arguments):
    for name, want in plain.items():
        got = rows[name]
        if want == got:
            continue
        kind = "the order of rows" if sorted(map(repr, want)) == sorted(map(repr, got)) else "rows"
        differ = [pair for pair in zip(want, got) if pair[0] != pair[1]][:3]
        sizes = f"{len(want)} and {len(got)}"
        raise SystemExit(f"FAILED {' '.join(arguments)}\n{name}: {kind} of {sizes}: {differ}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weft", default="build/release/weft")
    parser.add_argument("--data", help="a data folder")
    parser.add_argument("--small", help="a folder for small data, made when it is not there")
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    options.weft = os.path.abspath(options.weft)
    if options.small:
        small.generate(options.weft, options.small)
        options.data = options.small
    if not options.data:
        parser.error("one of --data and --small is needed")
    plain = run(options, [])
    empty = [name for name, rows in plain.items() if len(rows) < 2]
    if set(empty) - {"no keys", "anti", "except"}:
        raise SystemExit(f"FAILED without rows: {empty}")
    ways = [list(FORCED)]
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        ways.append([*FORCED, "--conf", f"weft.test.spillSeed={seed}"])
        ways[-1] += ["--conf", f"weft.test.seed={seed}", "--conf", "weft.test.failFirstAttempt=true"]
    for arguments in ways:
        compare(plain, run(options, arguments), arguments)
    print(f"spill: {len(QUERIES)} queries, {len(ways)} ways to spill: rows identical")
    return 0


if __name__ == "__main__":
    sys.exit(main())
