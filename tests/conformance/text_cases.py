"""Random files of CSV and JSON with random options, in the form of csv_cases.py: one seed, the same files.

Values are drawn from small sets of awkward ones and then damaged here and there, so that most files have a
few records of which readers disagree and many of which they do not. Left out is what Spark itself trips over:
values of white space alone that lose it at their end (univocity reads before their begin), exponents and NaN
under prefersDecimal (decimals of a negative scale), FLOAT as text (by Java's release), an empty `escape`."""

import json
import random

WORDS = ["", "a", "x y", " lead", "trail ", "NA", "null", "caf\u00e9", "\u20ac", "\U0001f600", "true",
         "False", "-", "#c", "a'b", "back\\slash", "Inf", "-Inf", "NaN", "nan", "_c0", "a,b", "a;b", "a|b",
         "\t"]
NUMBERS = ["0", "1", "-2", "+3", "007", "2147483647", "2147483648", "-2147483649", "9223372036854775807",
           "9223372036854775808", "12345678901234567890123456789012345678", "1.5", "-0.0", ".5", "5.", "1e3",
           "1E-3", "1e400", "1,234", "1.50", "0x10", "1d", "2f", "1_000", " 7", "8 ", "--1", "1-"]
TIMES = ["2020-01-31", "1999-12-01", "2020-02-30", "2020-1-1", "2020-01", "2020", "2020-01-01 10:00:00",
         "2020-01-01T10:00:00", "2020-01-01T10:00:00.123456", "2020-01-01T10:00:00Z",
         "2020-01-01 10:00:00+02:00",
         "2020-01-01T10:00:00 Europe/Berlin", "2020-01-01 24:00:00", "0001-01-01",
         "9999-12-31 23:59:59.999999",
         "31/01/2020", "01/02/2020 10:11", "2020-01-01T", "2020-01-01 10", "2020-01-01 10:5",
         "-0044-03-15", "+10000-01-01", "2020-06-31"]
TYPES = ["STRING", "INT", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN", "DECIMAL(10,2)", "SMALLINT",
         "TIMESTAMP_NTZ", "TINYINT", "DECIMAL(38,10)", "BINARY"]


def damaged(draw, text, letters):
    """The text with one character left out, doubled, or another one put in."""
    if not text:
        return text
    at = draw.randrange(len(text))
    kind = draw.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + draw.choice(letters) + text[at:]


def choose(draw, options, key, values, chance):
    if draw.random() < chance:
        options[key] = draw.choice(values)


ZONED = "yyyy-MM-dd HH:mm:ss[X" "XX]"

# ---- CSV ----


def csv_options(draw):
    options = {}
    choose(draw, options, "header", ["true"], 0.5)
    choose(draw, options, "sep", [";", "\\t", "|", "||"], 0.25)
    choose(draw, options, "quote", ["'", ""], 0.15)
    choose(draw, options, "escape", ['"', "'"], 0.25)
    choose(draw, options, "charToEscapeQuoteEscaping", ["|", "\\"], 0.05)
    choose(draw, options, "comment", ["#", "-"], 0.15)
    choose(draw, options, "multiLine", ["true"], 0.35)
    choose(draw, options, "ignoreLeadingWhiteSpace", ["true"], 0.25)
    choose(draw, options, "ignoreTrailingWhiteSpace", ["true"], 0.25)
    choose(draw, options, "nullValue", ["NA", "null", "-", "0"], 0.25)
    choose(draw, options, "emptyValue", ["E", "NA"], 0.15)
    choose(draw, options, "nanValue", ["nan"], 0.1)
    choose(draw, options, "positiveInf", ["1e400"], 0.05)
    choose(draw, options, "mode", ["PERMISSIVE", "DROPMALFORMED", "FAILFAST"], 0.35)
    choose(draw, options, "dateFormat", ["dd/MM/yyyy", "yyyy-M-d", "yyyy"], 0.15)
    choose(draw, options, "timestampFormat", ["dd/MM/yyyy HH:mm", ZONED, "yyyy-MM-dd"], 0.15)
    choose(draw, options, "preferDate", ["false"], 0.1)
    choose(draw, options, "enforceSchema", ["false"], 0.1)
    choose(draw, options, "timeZone", ["America/New_York"], 0.1)
    choose(draw, options, "maxCharsPerColumn", ["20"], 0.05)
    choose(draw, options, "maxColumns", ["4"], 0.05)
    choose(draw, options, "enableDateTimeParsingFallback", ["true", "false"], 0.1)
    choose(draw, options, "unescapedQuoteHandling",
           ["STOP_AT_CLOSING_QUOTE", "BACK_TO_DELIMITER", "SKIP_VALUE", "RAISE_ERROR"], 0.15)
    return options


def csv_cell(draw, column, options, sep):
    quote = options.get("quote", '"')
    own = [WORDS, NUMBERS, TIMES][column % 3]
    value = draw.choice(own if draw.random() < 0.7 else WORDS + NUMBERS + TIMES)
    if "ignoreTrailingWhiteSpace" in options and value.isspace():
        value = ""
    kind = draw.random()
    if kind < 0.1:
        value += draw.choice(["\n", "\r\n", sep, quote, "\\" + quote, quote * 2, "\\"]) + "z"
    if kind < 0.3:
        value = quote + value + quote
        if draw.random() < 0.15:
            value = draw.choice([" " + value, value + " ", value + "t", "t" + value])
    return value


def csv_case(seed):
    draw = random.Random(f"csv {seed}")
    options = csv_options(draw)
    sep = options.get("sep", ",").replace("\\t", "\t")
    end = draw.choice(["\n", "\n", "\r\n", "\r\n", "\r"])
    width = draw.randrange(1, 6)
    lines = []
    if "header" in options:
        names = ["a", "b", "A", "", "c d", "_c1", "n", '"q"', "NA"]
        lines.append(sep.join(draw.choice(names) for _ in range(width)))
    for _ in range(draw.randrange(1, 9)):
        count = width if draw.random() < 0.85 else draw.randrange(1, width + 2)
        lines.append(sep.join(csv_cell(draw, column, options, sep) for column in range(count)))
        if draw.random() < 0.08:
            lines.append(draw.choice(["", "#remark", sep * 2]))
    text = end.join(lines) + draw.choice([end, end, ""])
    if draw.random() < 0.2:
        text = damaged(draw, text, '"\\,\n \'')
    schema = None
    if draw.random() < 0.5:
        options["inferSchema"] = "true"
    elif draw.random() < 0.8:
        fields = [f"f{i} {draw.choice(TYPES[:10] if draw.random() < 0.8 else TYPES)}" for i in range(width)]
        if draw.random() < 0.3:
            fields.insert(draw.randrange(len(fields) + 1), "_corrupt_record STRING")
        schema = ", ".join(fields)
    encoding = "utf-8"
    if draw.random() < 0.1:
        encoding = draw.choice(["ISO-8859-1", "UTF-16LE", "UTF-16"])
        options["encoding"] = encoding
        options["multiLine"] = "true"
    query = "SELECT * FROM v" if draw.random() < 0.85 else "SELECT count(*) AS n FROM v"
    return {"name": f"csv_{seed}", "data": text.encode(encoding, "replace"), "options": options,
            "schema": schema, "query": query, "format": "csv"}


# ---- JSON ----


def json_options(draw):
    options = {}
    for key in ("allowComments", "allowUnquotedFieldNames", "allowNumericLeadingZeros",
                "allowBackslashEscapingAnyCharacter", "allowUnquotedControlChars"):
        choose(draw, options, key, ["true"], 0.15)
    choose(draw, options, "allowSingleQuotes", ["false"], 0.1)
    choose(draw, options, "allowNonNumericNumbers", ["false"], 0.1)
    choose(draw, options, "primitivesAsString", ["true"], 0.1)
    choose(draw, options, "prefersDecimal", ["true"], 0.15)
    choose(draw, options, "inferTimestamp", ["true"], 0.3)
    choose(draw, options, "dropFieldIfAllNull", ["true"], 0.15)
    choose(draw, options, "multiLine", ["true"], 0.2)
    choose(draw, options, "mode", ["PERMISSIVE", "DROPMALFORMED", "FAILFAST"], 0.3)
    choose(draw, options, "dateFormat", ["dd/MM/yyyy", "yyyy-M-d"], 0.1)
    choose(draw, options, "timestampFormat", ["dd/MM/yyyy HH:mm", ZONED], 0.15)
    choose(draw, options, "timeZone", ["America/New_York"], 0.1)
    choose(draw, options, "enableDateTimeParsingFallback", ["true", "false"], 0.1)
    return options


PLAIN = ["0", "1", "-2", "2147483648", "9223372036854775808", "1.5", "-0.0", "1.50", "100", "00", "012",
         "12345678901234567890123456789012345678901", "0.1234567890123456789", ".5", "5."]
ODD = ["1e3", "1E400", "NaN", "-Infinity", "+INF"]


def json_value(draw, depth, odd):
    kind = draw.random()
    if depth > 0 and kind < 0.15:
        return "[" + ", ".join(json_value(draw, depth - 1, odd) for _ in range(draw.randrange(4))) + "]"
    if depth > 0 and kind < 0.3:
        return json_object(draw, depth - 1, draw.choice([["x", "y"], ["y", "z"], ["x"], ["X"], []]), odd)
    if kind < 0.5:
        return draw.choice(PLAIN + ODD if odd else PLAIN)
    if kind < 0.65:
        return draw.choice(["true", "false", "null", "null", "True", "nul"])
    return json.dumps(draw.choice(draw.choice([WORDS, NUMBERS, TIMES])), ensure_ascii=draw.random() < 0.3)


def json_object(draw, depth, names, odd):
    fields = []
    for name in names:
        if draw.random() < 0.8:
            quote = draw.choice(['"'] * 10 + ["'", ""])
            fields.append(f"{quote}{name}{quote}:" + draw.choice(["", " "]) + json_value(draw, depth, odd))
    if fields and draw.random() < 0.03:
        fields.append(fields[0])
    return "{" + ",".join(fields) + "}"


def json_type(draw, depth):
    if depth > 0 and draw.random() < 0.3:
        nested = draw.choice(["ARRAY<%s>", "STRUCT<x: %s, y: STRING>", "MAP<STRING, %s>"])
        return nested % json_type(draw, depth - 1)
    return draw.choice(TYPES)


def json_case(seed):
    draw = random.Random(f"json {seed}")
    options = json_options(draw)
    odd = "prefersDecimal" not in options
    records = [json_object(draw, 2, ["a", "b", "c", "d"], odd) for _ in range(draw.randrange(1, 7))]
    if draw.random() < 0.2:
        records.insert(draw.randrange(len(records) + 1),
                       draw.choice(["", " ", "[]", "{}", "null", "3", '"s"', "[1]",
                                    '[{"a":1},{"a":"x"}]', "{",
                                    "x",
                                    "[{\"a\":1},2]", "// c", '{"a":1} {"a":2}', '{"a":1}x']))
    if draw.random() < 0.25:
        at = draw.randrange(len(records))
        records[at] = damaged(draw, records[at], '"{}[],:\\ \t0')
    if "multiLine" in options:
        text = records[0] if draw.random() < 0.3 else "[" + ",\n".join(records) + "]"
    else:
        text = draw.choice(["\n", "\r\n"]).join(records) + draw.choice(["\n", ""])
    schema = None
    if draw.random() < 0.5:
        fields = [f"{name} {json_type(draw, 2)}" for name in "abc"]
        if draw.random() < 0.4:
            fields.insert(draw.randrange(4), "_corrupt_record STRING")
        schema = ", ".join(fields)
    encoding = "utf-8"
    if draw.random() < 0.08 and "_corrupt_record" not in (schema or "_corrupt_record"):
        encoding = draw.choice(["ISO-8859-1", "UTF-16LE"])
        options["encoding"] = encoding
        options["multiLine"] = "true"
    query = "SELECT * FROM v" if draw.random() < 0.9 else "SELECT count(*) AS n FROM v"
    return {"name": f"json_{seed}", "data": text.encode(encoding, "replace"), "options": options,
            "schema": schema, "query": query, "format": "json"}
