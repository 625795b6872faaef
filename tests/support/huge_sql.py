"""Statements of any size and depth, for tests and by hand: python3 huge_sql.py KIND COUNT prints one."""

import sys

ROWS = " FROM (VALUES (1, 2, 'x'), (5, 6, 'y'), (CAST(NULL AS INT), 7, 'z')) t(a, b, s)"


def many(separator, form, count):
    """form with i and the letter of a column in turn, count times."""
    return separator.join(form.format(i=i, c="ab"[i % 2], j=i * 7919 % 1000003 + 100) for i in range(count))


def nest(before, middle, after, count):
    return before * count + middle + after * count


def count_where(condition):
    return "SELECT count(*)" + ROWS + " WHERE " + condition


# Chains and lists: text of `count` parts, no deeper than a short one. What each gives for counts from 10 on.
WIDE = {
    "or": (lambda n: count_where(many(" OR ", "a = {i}", n)), lambda n: "2"),
    "or_columns": (lambda n: count_where(many(" OR ", "{c} = {i}", n)), lambda n: "1"),
    "or_less": (lambda n: count_where(many(" OR ", "a < {i}", n)), lambda n: "2"),
    "or_and": (lambda n: count_where(many(" OR ", "(a = {i} AND b = {i} + 1)", n)), lambda n: "2"),
    "and": (lambda n: count_where(many(" AND ", "a <> {i} + 100", n)), lambda n: "2"),
    "plus": (
        lambda n: "SELECT sum(p) FROM (SELECT " + many(" + ", "a", n) + " AS p" + ROWS + ")",
        lambda n: str(6 * n),
    ),
    "times": (
        lambda n: (
            "SELECT max(p) FROM (SELECT a + 0 * "
            + many(" * ", "b", 9)
            + many("", " * 1", n)
            + " AS p"
            + ROWS
            + ")"
        ),
        lambda n: "5",
    ),
    "plus_decimals": (lambda n: "SELECT " + many(" + ", "1.5", n), lambda n: "%.1f" % (1.5 * n)),
    "plus_mixed": (
        lambda n: (
            "SELECT max(p) FROM (SELECT a" + many("", " + 1L", n) + many("", " + b", 9) + " AS p" + ROWS + ")"
        ),
        lambda n: str(5 + n + 54),
    ),
    "stars": (
        lambda n: "SELECT max(c0) FROM (SELECT *, * FROM (SELECT " + many(", ", "{i} AS c{i}", n) + "))",
        lambda n: "0",
    ),
    "concat": (
        lambda n: "SELECT max(length(p)) FROM (SELECT " + many(" || ", "s", n) + " AS p" + ROWS + ")",
        lambda n: str(n),
    ),
    "in": (lambda n: count_where("a + 0 IN (" + many(", ", "{j}", n) + ", 5)"), lambda n: "1"),
    "in_texts": (lambda n: count_where("s IN (" + many(", ", "'{j}'", n) + ", 'x')"), lambda n: "1"),
    "in_doubles": (lambda n: count_where("a * 1e0 IN (" + many(", ", "{j}e0", n) + ", 5e0)"), lambda n: "1"),
    "in_rows": (lambda n: count_where("(a, b) IN (" + many(", ", "({i}, {i} + 1)", n) + ")"), lambda n: "2"),
    "like_any": (lambda n: count_where("s LIKE ANY (" + many(", ", "'x{i}%'", n) + ")"), lambda n: "0"),
    "case": (
        lambda n: (
            "SELECT max(p) FROM (SELECT CASE"
            + many("", " WHEN a = {i} THEN {i}", n)
            + " END AS p"
            + ROWS
            + ")"
        ),
        lambda n: "5",
    ),
    "case_value": (
        lambda n: (
            "SELECT max(p) FROM (SELECT CASE a" + many("", " WHEN {i} THEN {i}", n) + " END AS p" + ROWS + ")"
        ),
        lambda n: "5",
    ),
    "case_lazy": (
        lambda n: (
            "SELECT max(p) FROM (SELECT CASE"
            + many("", " WHEN b / a = {i} THEN b / a", n)
            + " END AS p"
            + ROWS
            + ")"
        ),
        lambda n: "2.0",
    ),
    "values": (lambda n: "SELECT count(*) FROM (VALUES " + many(", ", "({i}, 'n{i}')", n) + ") t(a, b)", str),
    "text": (lambda n: "SELECT length('" + "x" * n + "')", str),
    "comment": (lambda n: "SELECT 1 /*" + "x" * n + "*/" + "-- y\n" * n + " " * n, lambda n: "1"),
}
# Columns, branches, subqueries, joins.
PLANS = {
    "columns": (
        lambda n: "SELECT count(c0) + sum(c7) FROM (SELECT " + many(", ", "a + {i} AS c{i}", n) + ROWS + ")",
        lambda n: "22",
    ),
    "order": (
        lambda n: "SELECT a" + ROWS + " ORDER BY " + many(", ", "a + {i}", n) + " LIMIT 1 OFFSET 1",
        lambda n: "1",
    ),
    "union_all": (lambda n: "SELECT count(*) FROM (" + many(" UNION ALL ", "SELECT {i} AS x", n) + ")", str),
    "union": (
        lambda n: "SELECT count(*) FROM (" + many(" UNION ", "SELECT {i} % 7 AS x", n) + ")",
        lambda n: "7",
    ),
    "ctes": (
        lambda n: (
            "WITH c0 AS (SELECT 0 AS x)"
            + "".join(f", c{i} AS (SELECT x + 1 AS x FROM c{i - 1})" for i in range(1, n + 1))
            + f" SELECT x FROM c{n}"
        ),
        str,
    ),
    "joins": (
        lambda n: (
            "SELECT count(*) FROM (VALUES (1), (2)) t0(k0)"
            + "".join(f" JOIN (VALUES (1), (2)) t{i}(k{i}) ON k{i} = k{i - 1}" for i in range(1, n))
        ),
        lambda n: "2",
    ),
    "scalars": (
        lambda n: "SELECT " + many(" + ", "(SELECT max(a)" + ROWS.replace("{", "") + ")", n),
        lambda n: str(5 * n),
    ),
    "doubling": (
        lambda n: (
            "SELECT count(*) FROM "
            + nest("(SELECT x + x AS x FROM ", "(VALUES (0)) t(x)", ")", n)
            + " WHERE x > 0"
        ),
        lambda n: "0",
    ),
}
# Nesting: each level is one of depth.
DEEP = {
    "parentheses": lambda n: "SELECT " + nest("(", "1", ")", n),
    "not": lambda n: "SELECT " + nest("NOT ", "true", "", n),
    "minus": lambda n: "SELECT " + nest("- ", "1", "", n),
    "case": lambda n: "SELECT " + nest("CASE WHEN true THEN ", "1", " END", n),
    "function": lambda n: "SELECT " + nest("abs(", "1", ")", n),
    "cast": lambda n: "SELECT " + nest("CAST(", "1", " AS INT)", n),
    "and_or": lambda n: "SELECT 1 WHERE " + nest("(true AND (false OR ", "true", "))", n),
    "between": lambda n: "SELECT 1 WHERE " + nest("(true BETWEEN false AND ", "true", ")", n),
    "subquery": lambda n: "SELECT * FROM " + nest("(SELECT * FROM ", "(SELECT 1 AS x)", ")", n),
    "scalar": lambda n: "SELECT " + nest("(SELECT ", "1", ")", n),
    "exists": lambda n: "SELECT 1 WHERE " + nest("EXISTS (SELECT 1 WHERE ", "true", ")", n),
    "query": lambda n: nest("(", "SELECT 1", ")", n),
    "join": lambda n: "SELECT * FROM " + nest("(", "(SELECT 1) a", ")", n),
    "array": lambda n: "SELECT CAST(NULL AS " + nest("array<", "int", ">", n) + ")",
    "except": lambda n: many(" EXCEPT ", "SELECT {i} AS x", n),
}

if __name__ == "__main__":
    kinds = {**{k: v[0] for k, v in {**WIDE, **PLANS}.items()}, **{"deep_" + k: v for k, v in DEEP.items()}}
    if len(sys.argv) != 3 or sys.argv[1] not in kinds:
        sys.exit("huge_sql.py KIND COUNT, KIND one of: " + " ".join(sorted(kinds)))
    print(kinds[sys.argv[1]](int(sys.argv[2])))
