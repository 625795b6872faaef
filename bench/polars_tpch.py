#!/usr/bin/env python3
"""The 22 TPC-H queries in Polars' own lazy form: polars_tpch.py DATA QUERIES [ENGINE] [SCALE]

Prints each answer as CSV between marker rows, and per query the line `Time taken: …` on stderr, as weft
does. Decimals are read as doubles: Polars 2 rounds products of decimals to the larger scale of the two
factors, which gives other answers than SQL's, and computes them more slowly."""

import os
import sys
import time
from datetime import date

import polars as pl
from polars import col

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "support"))
from tpch import table_glob  # noqa: E402

DATA = ""
SCALE = 1.0
DECIMALS = {
    "customer": ["c_acctbal"],
    "lineitem": ["l_quantity", "l_extendedprice", "l_discount", "l_tax"],
    "orders": ["o_totalprice"],
    "part": ["p_retailprice"],
    "partsupp": ["ps_supplycost"],
    "supplier": ["s_acctbal"],
}


def table(name):
    frame = pl.scan_parquet(table_glob(DATA, name))
    return frame.with_columns(pl.col(DECIMALS[name]).cast(pl.Float64)) if name in DECIMALS else frame


def revenue():
    return col("l_extendedprice") * (1 - col("l_discount"))


def q1():
    return (
        table("lineitem")
        .filter(col("l_shipdate") <= date(1998, 9, 2))
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            col("l_quantity").sum().alias("sum_qty"),
            col("l_extendedprice").sum().alias("sum_base_price"),
            revenue().sum().alias("sum_disc_price"),
            (revenue() * (1 + col("l_tax"))).sum().alias("sum_charge"),
            col("l_quantity").mean().alias("avg_qty"),
            col("l_extendedprice").mean().alias("avg_price"),
            col("l_discount").mean().alias("avg_disc"),
            pl.len().alias("count_order"),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q2():
    europe = (
        table("region")
        .filter(col("r_name") == "EUROPE")
        .join(table("nation"), left_on="r_regionkey", right_on="n_regionkey")
        .join(table("supplier"), left_on="n_nationkey", right_on="s_nationkey")
        .join(table("partsupp"), left_on="s_suppkey", right_on="ps_suppkey")
    )
    offers = (
        table("part")
        .filter((col("p_size") == 15) & col("p_type").str.ends_with("BRASS"))
        .join(europe, left_on="p_partkey", right_on="ps_partkey")
    )
    cheapest = offers.group_by("p_partkey").agg(col("ps_supplycost").min())
    return (
        offers.join(cheapest, on=["p_partkey", "ps_supplycost"])
        .select("s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment")
        .sort(
            "s_acctbal",
            "n_name",
            "s_name",
            "p_partkey",
            descending=[True, False, False, False],
            nulls_last=[True, False, False, False],
        )
        .head(100)
    )


def q3():
    return (
        table("customer")
        .filter(col("c_mktsegment") == "BUILDING")
        .join(
            table("orders").filter(col("o_orderdate") < date(1995, 3, 15)),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(
            table("lineitem").filter(col("l_shipdate") > date(1995, 3, 15)),
            left_on="o_orderkey",
            right_on="l_orderkey",
        )
        .group_by("o_orderkey", "o_orderdate", "o_shippriority")
        .agg(revenue().sum().alias("revenue"))
        .select(col("o_orderkey").alias("l_orderkey"), "revenue", "o_orderdate", "o_shippriority")
        .sort("revenue", "o_orderdate", descending=[True, False], nulls_last=[True, False])
        .head(10)
    )


def q4():
    return (
        table("orders")
        .filter(col("o_orderdate").is_between(date(1993, 7, 1), date(1993, 10, 1), closed="left"))
        .join(
            table("lineitem").filter(col("l_commitdate") < col("l_receiptdate")),
            left_on="o_orderkey",
            right_on="l_orderkey",
            how="semi",
        )
        .group_by("o_orderpriority")
        .agg(pl.len().alias("order_count"))
        .sort("o_orderpriority")
    )


def q5():
    return (
        table("region")
        .filter(col("r_name") == "ASIA")
        .join(table("nation"), left_on="r_regionkey", right_on="n_regionkey")
        .join(table("customer"), left_on="n_nationkey", right_on="c_nationkey")
        .join(
            table("orders").filter(
                col("o_orderdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left")
            ),
            left_on="c_custkey",
            right_on="o_custkey",
        )
        .join(table("lineitem"), left_on="o_orderkey", right_on="l_orderkey")
        .join(table("supplier"), left_on=["l_suppkey", "n_nationkey"], right_on=["s_suppkey", "s_nationkey"])
        .group_by("n_name")
        .agg(revenue().sum().alias("revenue"))
        .sort("revenue", descending=True, nulls_last=True)
    )


def q6():
    return (
        table("lineitem")
        .filter(
            col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left")
            & col("l_discount").is_between(0.05, 0.07)
            & (col("l_quantity") < 24)
        )
        .select((col("l_extendedprice") * col("l_discount")).sum().alias("revenue"))
    )


def q7():
    pair = ["FRANCE", "GERMANY"]
    nation = table("nation").filter(col("n_name").is_in(pair))
    suppliers = table("supplier").join(nation, left_on="s_nationkey", right_on="n_nationkey")
    customers = table("customer").join(nation, left_on="c_nationkey", right_on="n_nationkey")
    return (
        table("lineitem")
        .filter(col("l_shipdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
        .join(suppliers.select("s_suppkey", supp_nation="n_name"), left_on="l_suppkey", right_on="s_suppkey")
        .join(
            table("orders").join(
                customers.select("c_custkey", cust_nation="n_name"), left_on="o_custkey", right_on="c_custkey"
            ),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .filter(col("supp_nation") != col("cust_nation"))
        .group_by("supp_nation", "cust_nation", col("l_shipdate").dt.year().alias("l_year"))
        .agg(revenue().sum().alias("revenue"))
        .sort("supp_nation", "cust_nation", "l_year")
    )


def q8():
    american = (
        table("region")
        .filter(col("r_name") == "AMERICA")
        .join(table("nation"), left_on="r_regionkey", right_on="n_regionkey")
        .join(table("customer"), left_on="n_nationkey", right_on="c_nationkey")
    )
    return (
        table("part")
        .filter(col("p_type") == "ECONOMY ANODIZED STEEL")
        .join(table("lineitem"), left_on="p_partkey", right_on="l_partkey")
        .join(
            table("orders").filter(col("o_orderdate").is_between(date(1995, 1, 1), date(1996, 12, 31))),
            left_on="l_orderkey",
            right_on="o_orderkey",
        )
        .join(american, left_on="o_custkey", right_on="c_custkey", how="semi")
        .join(table("supplier"), left_on="l_suppkey", right_on="s_suppkey")
        .join(table("nation"), left_on="s_nationkey", right_on="n_nationkey")
        .select(
            col("o_orderdate").dt.year().alias("o_year"),
            revenue().alias("volume"),
            col("n_name").alias("nation"),
        )
        .group_by("o_year")
        .agg(
            (
                pl.when(col("nation") == "BRAZIL").then(col("volume")).otherwise(0).sum()
                / col("volume").sum()
            ).alias("mkt_share")
        )
        .sort("o_year")
    )


def q9():
    return (
        table("part")
        .filter(col("p_name").str.contains("green", literal=True))
        .join(table("partsupp"), left_on="p_partkey", right_on="ps_partkey")
        .join(table("supplier"), left_on="ps_suppkey", right_on="s_suppkey")
        .join(table("lineitem"), left_on=["p_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .join(table("orders"), left_on="l_orderkey", right_on="o_orderkey")
        .join(table("nation"), left_on="s_nationkey", right_on="n_nationkey")
        .select(
            col("n_name").alias("nation"),
            col("o_orderdate").dt.year().alias("o_year"),
            (revenue() - col("ps_supplycost") * col("l_quantity")).alias("amount"),
        )
        .group_by("nation", "o_year")
        .agg(col("amount").sum().alias("sum_profit"))
        .sort("nation", "o_year", descending=[False, True], nulls_last=[False, True])
    )


def q10():
    return (
        table("orders")
        .filter(col("o_orderdate").is_between(date(1993, 10, 1), date(1994, 1, 1), closed="left"))
        .join(
            table("lineitem").filter(col("l_returnflag") == "R"), left_on="o_orderkey", right_on="l_orderkey"
        )
        .group_by("o_custkey")
        .agg(revenue().sum().alias("revenue"))
        .join(table("customer"), left_on="o_custkey", right_on="c_custkey")
        .join(table("nation"), left_on="c_nationkey", right_on="n_nationkey")
        .select(
            col("o_custkey").alias("c_custkey"),
            "c_name",
            "revenue",
            "c_acctbal",
            "n_name",
            "c_address",
            "c_phone",
            "c_comment",
        )
        .sort("revenue", descending=True, nulls_last=True)
        .head(20)
    )


def q11():
    german = (
        table("nation")
        .filter(col("n_name") == "GERMANY")
        .join(table("supplier"), left_on="n_nationkey", right_on="s_nationkey")
        .join(table("partsupp"), left_on="s_suppkey", right_on="ps_suppkey")
        .with_columns((col("ps_supplycost") * col("ps_availqty")).alias("value"))
    )
    limit = german.select((col("value").sum() * (0.0001 / SCALE)).alias("limit"))
    return (
        german.group_by("ps_partkey")
        .agg(col("value").sum())
        .join(limit, how="cross")
        .filter(col("value") > col("limit"))
        .select("ps_partkey", "value")
        .sort("value", descending=True, nulls_last=True)
    )


def q12():
    urgent = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    return (
        table("lineitem")
        .filter(
            col("l_shipmode").is_in(["MAIL", "SHIP"])
            & (col("l_commitdate") < col("l_receiptdate"))
            & (col("l_shipdate") < col("l_commitdate"))
            & col("l_receiptdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left")
        )
        .join(table("orders"), left_on="l_orderkey", right_on="o_orderkey")
        .group_by("l_shipmode")
        .agg(urgent.sum().alias("high_line_count"), (~urgent).sum().alias("low_line_count"))
        .sort("l_shipmode")
    )


def q13():
    return (
        table("customer")
        .select("c_custkey")
        .join(
            table("orders").filter(~col("o_comment").str.contains("special.*requests")),
            left_on="c_custkey",
            right_on="o_custkey",
            how="left",
        )
        .group_by("c_custkey")
        .agg(col("o_orderkey").count().alias("c_count"))
        .group_by("c_count")
        .agg(pl.len().alias("custdist"))
        .sort("custdist", "c_count", descending=True, nulls_last=True)
    )


def q14():
    return (
        table("lineitem")
        .filter(col("l_shipdate").is_between(date(1995, 9, 1), date(1995, 10, 1), closed="left"))
        .join(table("part"), left_on="l_partkey", right_on="p_partkey")
        .select(
            (
                100.0
                * pl.when(col("p_type").str.starts_with("PROMO")).then(revenue()).otherwise(0).sum()
                / revenue().sum()
            ).alias("promo_revenue")
        )
    )


def q15():
    totals = (
        table("lineitem")
        .filter(col("l_shipdate").is_between(date(1996, 1, 1), date(1996, 4, 1), closed="left"))
        .group_by("l_suppkey")
        .agg(revenue().sum().alias("total_revenue"))
    )
    return (
        totals.filter(col("total_revenue") == col("total_revenue").max())
        .join(table("supplier"), left_on="l_suppkey", right_on="s_suppkey")
        .select(col("l_suppkey").alias("s_suppkey"), "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16():
    complained = (
        table("supplier").filter(col("s_comment").str.contains("Customer.*Complaints")).select("s_suppkey")
    )
    return (
        table("part")
        .filter(
            (col("p_brand") != "Brand#45")
            & ~col("p_type").str.starts_with("MEDIUM POLISHED")
            & col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9])
        )
        .join(table("partsupp"), left_on="p_partkey", right_on="ps_partkey")
        .join(complained, left_on="ps_suppkey", right_on="s_suppkey", how="anti")
        .group_by("p_brand", "p_type", "p_size")
        .agg(col("ps_suppkey").n_unique().alias("supplier_cnt"))
        .sort(
            "supplier_cnt",
            "p_brand",
            "p_type",
            "p_size",
            descending=[True, False, False, False],
            nulls_last=[True, False, False, False],
        )
    )


def q17():
    boxes = table("part").filter((col("p_brand") == "Brand#23") & (col("p_container") == "MED BOX"))
    lines = boxes.select("p_partkey").join(table("lineitem"), left_on="p_partkey", right_on="l_partkey")
    small = lines.group_by("p_partkey").agg((0.2 * col("l_quantity").mean()).alias("limit"))
    return (
        lines.join(small, on="p_partkey")
        .filter(col("l_quantity") < col("limit"))
        .select((col("l_extendedprice").sum() / 7.0).alias("avg_yearly"))
    )


def q18():
    large = (
        table("lineitem")
        .group_by("l_orderkey")
        .agg(col("l_quantity").sum().alias("sum(l_quantity)"))
        .filter(col("sum(l_quantity)") > 300)
    )
    return (
        large.join(table("orders"), left_on="l_orderkey", right_on="o_orderkey")
        .join(table("customer"), left_on="o_custkey", right_on="c_custkey")
        .select(
            "c_name",
            col("o_custkey").alias("c_custkey"),
            col("l_orderkey").alias("o_orderkey"),
            "o_orderdate",
            "o_totalprice",
            "sum(l_quantity)",
        )
        .sort("o_totalprice", "o_orderdate", descending=[True, False], nulls_last=[True, False])
        .head(100)
    )


def q19():
    def part(brand, containers, low, size):
        return (
            (col("p_brand") == brand)
            & col("p_container").is_in(containers)
            & col("l_quantity").is_between(low, low + 10)
            & col("p_size").is_between(1, size)
        )

    return (
        table("lineitem")
        .filter(col("l_shipmode").is_in(["AIR", "AIR REG"]) & (col("l_shipinstruct") == "DELIVER IN PERSON"))
        .join(
            table("part").filter(col("p_brand").is_in(["Brand#12", "Brand#23", "Brand#34"])),
            left_on="l_partkey",
            right_on="p_partkey",
        )
        .filter(
            part("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
            | part("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
            | part("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
        )
        .select(revenue().sum().alias("revenue"))
    )


def q20():
    forest = table("part").filter(col("p_name").str.starts_with("forest")).select("p_partkey")
    shipped = (
        table("lineitem")
        .filter(col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"))
        .join(forest, left_on="l_partkey", right_on="p_partkey", how="semi")
        .group_by("l_partkey", "l_suppkey")
        .agg((0.5 * col("l_quantity").sum()).alias("half"), col("l_quantity").count().alias("known"))
        .filter(col("known") > 0)  # SQL's sum of nothing is NULL, not 0
    )
    many = (
        table("partsupp")
        .join(forest, left_on="ps_partkey", right_on="p_partkey", how="semi")
        .join(shipped, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .filter(col("ps_availqty") > col("half"))
    )
    return (
        table("nation")
        .filter(col("n_name") == "CANADA")
        .join(table("supplier"), left_on="n_nationkey", right_on="s_nationkey")
        .join(many, left_on="s_suppkey", right_on="ps_suppkey", how="semi")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21():
    lines = table("lineitem")
    late = lines.filter(col("l_receiptdate") > col("l_commitdate"))
    # Two suppliers or one: the bounds tell, several times faster than n_unique().
    bounds = [col("l_suppkey").min().alias("low"), col("l_suppkey").max().alias("high")]
    several = lines.group_by("l_orderkey").agg(bounds).filter(col("low") != col("high"))
    one_late = late.group_by("l_orderkey").agg(bounds).filter(col("low") == col("high"))
    saudi = (
        table("nation")
        .filter(col("n_name") == "SAUDI ARABIA")
        .join(table("supplier"), left_on="n_nationkey", right_on="s_nationkey")
    )
    return (
        late.join(saudi, left_on="l_suppkey", right_on="s_suppkey")
        .join(
            table("orders").filter(col("o_orderstatus") == "F"),
            left_on="l_orderkey",
            right_on="o_orderkey",
            how="semi",
        )
        .join(several, on="l_orderkey", how="semi")
        .join(one_late, on="l_orderkey", how="semi")
        .group_by("s_name")
        .agg(pl.len().alias("numwait"))
        .sort("numwait", "s_name", descending=[True, False], nulls_last=[True, False])
        .head(100)
    )


def q22():
    people = (
        table("customer")
        .with_columns(col("c_phone").str.slice(0, 2).alias("cntrycode"))
        .filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]))
        .select("c_custkey", "c_acctbal", "cntrycode")
    )
    mean = people.filter(col("c_acctbal") > 0).select(col("c_acctbal").mean().alias("mean"))
    return (
        people.join(mean, how="cross")
        .filter(col("c_acctbal") > col("mean"))
        .join(table("orders"), left_on="c_custkey", right_on="o_custkey", how="anti")
        .group_by("cntrycode")
        .agg(pl.len().alias("numcust"), col("c_acctbal").sum().alias("totacctbal"))
        .sort("cntrycode")
    )


def main():
    global DATA, SCALE
    DATA = sys.argv[1]
    queries = [int(number) for number in sys.argv[2].split(",")]
    engine = sys.argv[3] if len(sys.argv) > 3 else "streaming"
    SCALE = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
    for number, query in enumerate(queries):
        start = time.monotonic()
        answer = globals()[f"q{query}"]().collect(engine=engine)
        sys.stdout.write(answer.write_csv(quote_style="necessary"))
        sys.stdout.write(f"weft_test_marker\n{number}\n")
        seconds = time.monotonic() - start
        print(f"Time taken: {seconds:.3f} seconds, Fetched {answer.height} row(s)", file=sys.stderr)


if __name__ == "__main__":
    main()
