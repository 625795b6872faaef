"""Random SQL queries that mean the same to Weft and DuckDB.

A query is made from a sequence of small numbers (choices), so that shortening and lowering the sequence
gives simpler queries of the same kind: choice 0 is the simplest everywhere. Left out is what the dialects
disagree on: division of decimals, NULLs in concat(), rows whose order is not decided, doubles that do not add
exactly."""

import random

# name, type, SQL type
COLUMNS = (
    ("i", "int", "INTEGER"),
    ("j", "big", "BIGINT"),
    ("d", "dec", "DECIMAL(10,2)"),
    ("w", "dec", "DECIMAL(20,3)"),
    ("s", "str", "VARCHAR"),
    ("t", "date", "DATE"),
    ("b", "bool", "BOOLEAN"),
    ("f", "dbl", "DOUBLE"),
    ("k", "int", "INTEGER"),
    ("u", "str", "VARCHAR"),
    ("v", "date", "DATE"),
    ("c", "bool", "BOOLEAN"),
)
TYPES = ("int", "str", "dec", "date", "bool", "big", "dbl")
WORDS = ("", "a", "ab", "abc", "b", "ba", "B", "c%", "longer than twelve bytes", "é")
TABLES = {"ta": 40, "tb": 25, "tc": 12, "te": 0}


def table_rows(name, seed):
    """Rows of a table as SQL literals: few distinct values, NULLs, duplicates."""
    rnd, rows = random.Random(f"{name} {seed}"), []
    for _ in range(TABLES[name]):
        if rows and rnd.random() < 0.15:
            rows.append(rnd.choice(rows))
            continue
        values = (
            str(rnd.randint(-3, 6)),
            str(rnd.choice((0, 1, 2, 3, 5, 1 << 33, -(1 << 33)))),
            f"{rnd.randint(-500, 900) / 100:.2f}",
            rnd.choice(("0.000", "1.250", "-7.125", "12345678901234567.125", "3.000")),
            "'" + rnd.choice(WORDS) + "'",
            f"DATE '{rnd.choice((1969, 2000, 2020))}-0{rnd.randint(1, 3)}-{rnd.choice((10, 28))}'",
            rnd.choice(("true", "false")),
            str(rnd.randint(-8, 16) / 4),
            str(rnd.randint(0, 4)),
            "'" + rnd.choice(WORDS) + "'",
            f"DATE '2000-0{rnd.randint(1, 3)}-{rnd.choice((10, 28))}'",
            rnd.choice(("true", "true", "false")),
        )
        rows.append(tuple("NULL" if rnd.random() < 0.15 else value for value in values))
    return rows


class Choices:
    """A source of small numbers: random and remembered, or replayed (zeros past the end)."""

    def __init__(self, seed=None, replay=None):
        self.random, self.replay, self.taken = random.Random(seed), replay, []

    def draw(self, count):
        if self.replay is None:
            value = self.random.randrange(count)
        else:
            place = len(self.taken)
            value = min(self.replay[place], count - 1) if place < len(self.replay) else 0
        self.taken.append(value)
        return value

    def pick(self, items):
        return items[self.draw(len(items))]

    def chance(self, percent):
        return self.draw(100) >= 100 - percent


class Scope:
    """Columns in reach: (SQL text, type)."""

    def __init__(self, columns, outer=None):
        self.columns, self.outer = columns, outer

    def of(self, kind):
        return [text for text, other in self.columns if other == kind]


class Generator:
    def __init__(self, choices):
        self.c, self.names, self.ctes, self.in_where = choices, 0, [], False

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    # ---- expressions ----

    def literal(self, kind):
        c = self.c
        if kind == "int":
            return str(c.pick((0, 1, 2, 3, -1, 5)))
        if kind == "big":
            return f"CAST({c.pick((0, 1, 2, 1 << 33))} AS BIGINT)"
        if kind == "dec":
            return c.pick(("0.00", "1.50", "2.25", "-3.75"))
        if kind == "str":
            return "'" + c.pick(WORDS) + "'"
        if kind == "date":
            return f"DATE '{c.pick((2000, 2020, 1969))}-0{c.pick((1, 2, 3))}-{c.pick((10, 28))}'"
        if kind == "bool":
            return c.pick(("true", "false"))
        return f"CAST({c.pick(('0.5', '1.25', '-2.0'))} AS DOUBLE)"

    def column(self, kind, scope):
        names = scope.of(kind)
        if scope.outer is not None and self.c.chance(25):
            names = scope.outer.of(kind) or names
        return self.c.pick(names) if names else None

    def value(self, kind, scope, depth):
        """An expression of a type."""
        way = self.c.draw(10) if depth > 0 else 0
        if way <= 3:
            return self.column(kind, scope) or self.literal(kind)
        if way == 4:
            return self.literal(kind)
        if way == 5:
            test = self.tested(False, scope, depth - 1)
            other = "" if self.c.chance(30) else f" ELSE {self.value(kind, scope, depth - 1)}"
            return f"CASE WHEN {test} THEN {self.value(kind, scope, depth - 1)}{other} END"
        if way == 6:
            return f"coalesce({self.value(kind, scope, depth - 1)}, {self.value(kind, scope, depth - 1)})"
        if way == 7:
            return f"nullif({self.value(kind, scope, depth - 1)}, {self.literal(kind)})"
        if way == 8 and depth > 1 and self.c.chance(30):
            return self.scalar(kind, scope, depth - 1)
        return self.operation(kind, scope, depth - 1)

    def operation(self, kind, scope, depth):
        c, one = self.c, lambda kind: self.value(kind, scope, depth)
        if kind in ("int", "big"):
            way = c.draw(6)
            if way == 0:
                return f"({one(kind)} + {one('int')})" if kind == "int" else f"({one('big')} + {one('int')})"
            if way == 1:
                return f"({one(kind)} - {self.literal('int')})"
            if way == 2:
                return f"({one(kind)} % nullif({one('int')}, 0))"
            if kind == "big":
                return f"CAST({one('int')} AS BIGINT)"
            if way == 3:
                return f"length({one('str')})"
            if way == 4:
                return f"{c.pick(('year', 'month', 'day'))}({one('date')})"
            return f"({self.literal('int')} * {self.column('int', scope) or '3'})"
        if kind == "dec":
            way = c.draw(4)
            if way == 0:
                return f"({one('dec')} + {self.literal('dec')})"
            if way == 1:
                return f"({self.literal('dec')} - {one('dec')})"
            if way == 2:
                return f"({self.column('dec', scope) or '1.50'} * {self.literal('dec')})"
            return f"CAST({one('int')} AS DECIMAL(12,2))"
        if kind == "str":
            way = c.draw(4)
            if way == 0:
                return f"({one('str')} || {self.literal('str')})"
            if way == 1:
                return f"{c.pick(('upper', 'lower', 'trim'))}({one('str')})"
            if way == 2:
                return f"substring({one('str')}, {1 + c.draw(3)}, {c.draw(4)})"
            return f"CAST({one('int')} AS VARCHAR(20))"
        if kind == "date":
            return f"({one('date')} {c.pick(('+', '-'))} {c.pick((1, 30, 365))})"
        if kind == "bool":
            return f"({self.tested(False, scope, depth)})"
        way = c.draw(3)
        if way == 0:
            return f"({one('int')} / nullif({one('int')}, 0))"
        return f"({one('dbl')} {c.pick(('+', '-'))} {self.literal('dbl')})"

    def tested(self, in_where, scope, depth):
        """A predicate of WHERE or ON, or one that is a value."""
        before, self.in_where = self.in_where, in_where
        text = self.predicate(scope, depth)
        self.in_where = before
        return text

    def predicate(self, scope, depth):
        c = self.c
        way = c.draw(12) if depth > 0 else c.draw(6)
        kind = c.pick(TYPES)
        one = lambda kind: self.value(kind, scope, depth - 1 if depth > 0 else 0)  # noqa: E731
        if way <= 2:
            return f"{one(kind)} {c.pick(('=', '<>', '<', '<=', '>', '>='))} {one(kind)}"
        if way == 3:
            return f"{one(kind)} IS {c.pick(('', 'NOT '))}NULL"
        if way == 4:
            items = ", ".join(self.literal(kind) for _ in range(1 + c.draw(3)))
            if c.chance(15):
                items += ", NULL"
            return f"{one(kind)} {c.pick(('', 'NOT '))}IN ({items})"
        if way == 5:
            return f"{one(kind)} {c.pick(('', 'NOT '))}BETWEEN {self.literal(kind)} AND {one(kind)}"
        if way == 6:
            pattern = c.pick(("a%", "%b", "%a%", "_b%", "%", "", "abc", "%é%"))
            return f"{one('str')} {c.pick(('', 'NOT '))}LIKE '{pattern}'"
        if way in (7, 8):
            word = " AND " if way == 7 else " OR "
            return "(" + word.join(self.predicate(scope, depth - 1) for _ in range(2 + c.draw(2))) + ")"
        if way == 9:
            return f"NOT ({self.predicate(scope, depth - 1)})"
        if way == 10:
            return f"{one(kind)} IS {c.pick(('', 'NOT '))}DISTINCT FROM {one(kind)}"
        return self.tested_subquery(scope, depth)

    # ---- subqueries in expressions ----

    def tested_subquery(self, scope, depth):
        c, inner = self.c, []
        source = self.source(depth - 1, inner)
        below = Scope(inner, scope)
        where = f" WHERE {self.tested(True, below, depth - 1)}" if c.chance(70) else ""
        if c.chance(50):
            kind = c.pick(TYPES)
            column = self.column(kind, Scope(inner)) or self.literal(kind)
            left = self.value(kind, Scope(scope.columns), 1)
            test = f"{left} {c.pick(('', 'NOT '))}IN (SELECT {column} FROM {source}{where})"
            # As a value Spark's is false where it is unknown.
            return test if self.in_where else f"CASE WHEN {test} THEN true ELSE false END"
        return f"{c.pick(('', 'NOT '))}EXISTS (SELECT 1 FROM {source}{where})"

    def scalar(self, kind, scope, depth):
        inner = []
        source = self.source(0, inner)
        below = Scope(inner, scope)
        where = f" WHERE {self.tested(True, below, 1)}" if self.c.chance(70) else ""
        if kind == "big":
            what = self.c.pick(("count(*)", f"count({self.value('int', Scope(inner), 1)})"))
        else:
            what = f"{self.c.pick(('max', 'min'))}({self.value(kind, Scope(inner), 1)})"
        return f"(SELECT {what} FROM {source}{where})"

    # ---- FROM ----

    def table(self, depth, columns):
        """One relation; its columns are appended."""
        alias = self.name("x")
        if depth > 0 and self.c.chance(20):
            text, kinds = self.select(depth - 1, ordered=False)
            columns += [(f"{alias}.c{n}", kind) for n, kind in enumerate(kinds)]
            return f"({text}) {alias}"
        if self.ctes and self.c.chance(40):
            name, kinds = self.c.pick(self.ctes)
            columns += [(f"{alias}.c{n}", kind) for n, kind in enumerate(kinds)]
            return f"{name} {alias}"
        table = self.c.pick(("tc", "tb", "ta", "te") if self.c.chance(20) else ("tc", "tb", "ta"))
        columns += [(f"{alias}.{name}", kind) for name, kind, _ in COLUMNS]
        return f"{table} {alias}"

    def source(self, depth, columns):
        text = self.table(depth, columns)
        for _ in range(self.c.pick((0, 0, 1, 1, 2)) if depth > 0 else 0):
            right = []
            joined = self.table(depth - 1, right)
            way = self.c.pick(
                (
                    "JOIN",
                    "JOIN",
                    "LEFT JOIN",
                    "RIGHT JOIN",
                    "FULL JOIN",
                    "SEMI JOIN",
                    "ANTI JOIN",
                    "CROSS JOIN",
                )
            )
            if way == "CROSS JOIN":
                text += f" CROSS JOIN {joined}"
                columns += right
                continue
            kind = self.c.pick(TYPES)
            left_key = self.column(kind, Scope(columns)) or self.literal(kind)
            right_key = self.column(kind, Scope(right)) or self.literal(kind)
            on = f"{left_key} = {right_key}"
            if self.c.chance(30):
                test = self.tested(True, Scope(columns + right), 1 if way == "FULL JOIN" else 0)
                # Spark's NOT IN has two values there, which no other engine gives.
                on += f" AND {test.replace(' NOT IN (SELECT', ' IN (SELECT')}"
            text += f" {way} {joined} ON {on}"
            if way not in ("SEMI JOIN", "ANTI JOIN"):
                columns += right
        return text

    # ---- queries ----

    def aggregate(self, scope, depth):
        c = self.c
        way = c.draw(9)
        where = f" FILTER (WHERE {self.tested(False, scope, 1)})" if c.chance(20) else ""
        if way == 0:
            return f"count(*){where}", "big"
        if way == 1:
            kind = c.pick(TYPES)
            return f"count({c.pick(('', 'DISTINCT '))}{self.value(kind, scope, depth)}){where}", "big"
        if way in (2, 3):
            kind = c.pick(("int", "dec", "dbl"))
            distinct = c.pick(("", "", "DISTINCT "))
            return (
                f"sum({distinct}{self.value(kind, scope, depth)}){where}",
                "big" if kind == "int" else "total",
            )
        if way == 4:
            return f"avg({c.pick(('', 'DISTINCT '))}{self.value('int', scope, depth)}){where}", "total"
        kind = c.pick(TYPES)
        return f"{c.pick(('min', 'max'))}({self.value(kind, scope, depth)}){where}", kind

    def window(self, scope):
        c = self.c
        partition = ", ".join(self.value(c.pick(TYPES), scope, 0) for _ in range(c.draw(3)))
        everything = ", ".join(text for text, _ in scope.columns)
        part = f"PARTITION BY {partition} " if partition else ""
        way = c.draw(6)
        key = self.value(c.pick(TYPES), scope, 1) + c.pick(("", " DESC", " NULLS LAST", " DESC NULLS FIRST"))
        if way == 0:
            return f"sum({self.value('int', scope, 0)}) OVER ({part})" if part else "count(*) OVER ()", "big"
        if way == 1:
            return f"{c.pick(('rank', 'dense_rank'))}() OVER ({part}ORDER BY {key})", "int"
        if way == 2:
            kind = c.pick(TYPES)
            return f"{c.pick(('max', 'min'))}({self.value(kind, scope, 0)}) OVER ({part}ORDER BY {key})", kind
        if way == 3:
            return f"row_number() OVER ({part}ORDER BY {everything})", "int"
        if way == 4:
            kind = c.pick(TYPES)
            offset = c.pick(("", ", 2", f", 1, {self.literal(kind)}"))
            value = self.column(kind, scope) or self.literal(kind)
            return f"{c.pick(('lag', 'lead'))}({value}{offset}) OVER ({part}ORDER BY {everything})", kind
        low = c.pick(("UNBOUNDED PRECEDING", "2 PRECEDING", "1 PRECEDING", "CURRENT ROW"))
        high = c.pick(("CURRENT ROW", "1 FOLLOWING", "UNBOUNDED FOLLOWING"))
        what = c.pick(("sum", "count", "min", "max"))
        value = self.column("int", scope) or "1"
        frame = f"ROWS BETWEEN {low} AND {high}"
        return f"{what}({value}) OVER ({part}ORDER BY {everything} {frame})", "big" if what in (
            "sum",
            "count",
        ) else "int"

    def select(self, depth, ordered):
        """(text, types) of a query block whose columns are c0, c1 …"""
        c, columns = self.c, []
        source = self.source(depth, columns)
        scope = Scope(columns)
        where = f" WHERE {self.tested(True, scope, depth)}" if c.chance(45) else ""
        way = c.draw(10)
        tail = ""
        if way in (4, 5, 6):
            items, tail = self.grouped(scope, depth)
        elif way == 7:
            items = [self.aggregate(scope, 1) for _ in range(1 + c.draw(3))]
        else:
            items = [(self.value(kind, scope, depth), kind) for kind in self.kinds()]
            if way == 8:
                items.append(self.window(scope))
        distinct = "DISTINCT " if way == 9 else ""
        text = ", ".join(f"{item} AS c{n}" for n, (item, _) in enumerate(items))
        query = f"SELECT {distinct}{text} FROM {source}{where}{tail}"
        if ordered and c.chance(40):
            order = ", ".join(f"c{n}{c.pick(('', ' DESC', ' NULLS LAST'))}" for n in range(len(items)))
            query += f" ORDER BY {order}"
            if c.chance(50):
                query += f" LIMIT {c.pick((1, 3, 10))}" + (f" OFFSET {c.draw(4)}" if c.chance(30) else "")
        return query, [kind for _, kind in items]

    def kinds(self):
        return [self.c.pick(TYPES) for _ in range(1 + self.c.draw(3))]

    def grouped(self, scope, depth):
        c = self.c
        keys = [(self.column(kind, scope) or f"upper({self.literal('str')})", kind) for kind in self.kinds()]
        keys = list({text: (text, kind) for text, kind in keys if "." in text}.values())
        aggregates = [self.aggregate(scope, 1) for _ in range(1 + c.draw(3))]
        if not keys:
            return aggregates, ""
        texts = ", ".join(text for text, _ in keys)
        sets = c.draw(5)
        tail = " GROUP BY " + (texts, texts, texts, f"ROLLUP ({texts})", f"CUBE ({texts})")[sets]
        if sets > 2:  # without rows Spark has no row for the empty grouping set
            tail += " HAVING count(*) > 0"
        elif c.chance(25):
            tail += f" HAVING {c.pick(('count(*) > 1', 'count(*) < 4', 'max(1) = 1'))}"
        return keys + aggregates, tail

    def query(self):
        c, head = self.c, ""
        if c.chance(20):
            text, kinds = self.select(1, ordered=False)
            head = f"WITH q AS ({text}) "
            self.ctes.append(("q", kinds))
        if c.chance(15):
            return head + self.set_operation()
        return head + self.select(2, ordered=True)[0]

    def set_operation(self):
        c = self.c
        kinds = self.kinds()
        blocks = []
        for _ in range(2 + c.draw(2)):
            columns = []
            source = self.source(1, columns)
            scope = Scope(columns)
            items = ", ".join(f"{self.value(kind, scope, 1)} AS c{n}" for n, kind in enumerate(kinds))
            where = f" WHERE {self.tested(True, scope, 1)}" if c.chance(60) else ""
            blocks.append(f"SELECT {items} FROM {source}{where}")
        words = ("UNION ALL", "UNION", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL")
        text = blocks[0]
        for block in blocks[1:]:
            text = f"({text}) {c.pick(words)} ({block})"
        return text


def make(seed=None, replay=None):
    """(SQL text, choices)"""
    choices = Choices(seed, replay)
    return Generator(choices).query(), choices.taken


def shrink(choices, fails, attempts=400):
    """The simplest choices found whose query still fails (a function of the text)."""
    best, text = choices, make(replay=choices)[0]
    improved = True
    while improved and attempts > 0:
        improved = False
        candidates = []
        for size in (64, 32, 16, 8, 4, 2, 1):
            candidates += [best[:at] + best[at + size :] for at in range(0, len(best), size)]
        candidates += [best[:at] + [0] + best[at + 1 :] for at in range(len(best)) if best[at] > 0]
        candidates += [
            best[:at] + [best[at] // 2] + best[at + 1 :] for at in range(len(best)) if best[at] > 1
        ]
        for candidate in candidates:
            if attempts == 0:
                break
            shorter, taken = make(replay=candidate)
            if len(shorter) >= len(text):
                continue
            attempts -= 1
            if fails(shorter):
                best, text, improved = taken, shorter, True
                break
    return text
