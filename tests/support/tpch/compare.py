"""Compare two answers of a TPC-H query: the order that ORDER BY decides, exact decimals, doubles nearly."""

import datetime
import decimal
import itertools

from . import answer_kinds, answer_order

decimal.getcontext().prec = 80
RELATIVE = 1e-9  # two engines' doubles


def plain(value):
    """A value of any engine as None, str, int, Decimal, float or date."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, bool):
        return int(value)
    return value


def from_text(rows, query, decimals="spark"):
    """Rows of CSV text (None, or text) as values by the answer's kinds. Raises ValueError on a wrong form.

    decimals: "spark": of the right scale, else it is an error; "mixed": of the right scale, else it is a
    double; "double": all are doubles."""
    kinds = answer_kinds(query)
    result = []
    for row in rows:
        if len(row) != len(kinds):
            raise ValueError(f"{len(kinds)} columns expected, {len(row)} came: {row}")
        values = []
        for text, kind in zip(row, kinds):
            if text is None or kind == "s":
                values.append(text)
            elif kind == "l":
                values.append(int(text))
            elif kind == "d":
                values.append(datetime.date.fromisoformat(text))
            else:
                value = decimal.Decimal(text)
                right = -value.as_tuple().exponent == int(kind) and decimals != "double"
                if decimals == "spark" and not right:
                    raise ValueError(f"'{text}' must be a decimal of scale {kind}")
                values.append(value if right else float(text))
        result.append(values)
    return result


def same_value(expected, actual, kind):
    """expected comes from the other engine and may be a double where Spark has a decimal."""
    if expected is None or actual is None:
        return expected is actual
    if kind in "sd":
        return expected == actual
    if kind == "l":
        return expected == actual
    if isinstance(expected, float) or isinstance(actual, float):
        step = decimal.Decimal(1).scaleb(-int(kind))
        difference = abs(decimal.Decimal(expected) - decimal.Decimal(actual))
        # A decimal rounded HALF_UP lies within half a step of the double, which itself is nearly right.
        return difference <= step / 2 + abs(decimal.Decimal(expected)) * decimal.Decimal(RELATIVE)
    rounded = decimal.Decimal(expected).quantize(decimal.Decimal(1).scaleb(-int(kind)), decimal.ROUND_HALF_UP)
    return rounded == decimal.Decimal(actual)


def same_row(expected, actual, kinds):
    return all(same_value(plain(e), plain(a), kind) for e, a, kind in zip(expected, actual, kinds))


def _groups(rows, order):
    key = (lambda row: tuple(str(plain(row[i])) for i in order)) if order else (lambda row: ())
    return [list(group) for _, group in itertools.groupby(rows, key)]


def difference(query, expected, actual):
    """None when the answers are equal, else the first difference as text."""
    kinds, order = answer_kinds(query), answer_order(query)
    if len(expected) != len(actual):
        return f"{len(expected)} rows expected, {len(actual)} came"
    position = 0
    for group in _groups(expected, order):
        left = sorted(group, key=lambda row: [str(plain(v)) for v in row])
        right = sorted(actual[position : position + len(group)], key=lambda row: [str(plain(v)) for v in row])
        for want, have in zip(left, right):
            if not same_row(want, have, kinds):
                return f"row {position + 1}: expected {_show(want)}\n{'came':>15} {_show(have)}"
        position += len(group)
    return None


def _show(row):
    return " | ".join("NULL" if v is None else str(plain(v)) for v in row)
