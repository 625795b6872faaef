"""Small CSV files with corners, the options that they are read with, and what is asked of them.

Each case: name, bytes, options, schema (None: the header's, or inferred), query (v is the view)."""

ALL = "SELECT * FROM v"
INFER = {"inferSchema": "true", "header": "true"}

CASES = []


def case(name, data, options=None, schema=None, query=ALL):
    CASES.append({"name": name, "data": data.encode("utf-8") if isinstance(data, str) else data,
                  "options": options or {}, "schema": schema, "query": query})


# Quotes and escapes.
for number, row in enumerate([
        'a,"b",c', '"a","b","c"', '"a,b",c,d', '"a""b",c,d', '"a\\"b",c,d', '"a"b,c,d', '"a"b",c,d',
        'a"b,c,d', 'a"b"c,d,e',
        '"a" ,b,c', '"a"  x,b,c', ' "a",b,c', '" a ",b,c', '"","",""', '"",,""', ',,', '"a', 'x,"a',
        'x,"a,b', '"', 'x,"', '"a""',
        'x,"a""', '"a\\",b', '"a\\\\",b,c', 'a\\b,c\\"d,e', '"a\\b",c,d', '""a"",b,c', '"""a""",b,c',
        '"a"\tb,c,d', "'a','b,c',d",
        'a,b', 'a,b,c,d', 'a', '\\', '"\\"",b,c', '"\\', 'x,"a"  ,c', 'x,"a" "b",c', '"a""b"c,d,e',
        'x,""b,c', 'x,"" ,c', '"x"y"z",b,c',
        '"a"",b,c', 'a,b,"c"', 'a,b,""', 'a,b,"c" ', '  ,a, b ', '\u00e4,"\u20ac,\u20ac",\U0001f600']):
    for label, options in (("plain", {}), ("rfc", {"escape": '"'}), ("trim",
    {"ignoreLeadingWhiteSpace": "true",
                           "ignoreTrailingWhiteSpace": "true"}), ("closing",
                           {"unescapedQuoteHandling": "STOP_AT_CLOSING_QUOTE"}),
                           ("back", {"unescapedQuoteHandling": "BACK_TO_DELIMITER"}), ("skip",
                           {"unescapedQuoteHandling": "SKIP_VALUE"}),
                           ("lines", {"multiLine": "true"}), ("linesrfc", {"multiLine": "true",
                           "escape": '"'})):
        case(f"quote_{number}_{label}", row + "\n1,2,3\n", options, "a STRING, b STRING, c STRING")

# Records over lines.
MULTI = 'id,text\n1,"two\nlines"\n2,"a ""quoted""\r\nline"\n\n3,plain\n4,"never closed\n5,x\n'
for label, options in (("lines", {}), ("multi", {"multiLine": "true"}), ("multirfc", {"multiLine": "true",
    "escape": '"'})):
    case(f"multi_{label}", MULTI, {"header": "true", **options})
case("multi_crlf", MULTI.replace("\r\n", "\n").replace("\n", "\r\n"), {"header": "true",
    "multiLine": "true", "escape": '"'})
case("line_ends", "a,b\r1,2\r\n3,4\n5,6", {"header": "true"})
case("line_sep", "a,b;1,2;3,4;", {"header": "true", "lineSep": ";"})
case("line_sep_multi", 'a,b;1,"2;3";3,4;', {"header": "true", "lineSep": ";", "multiLine": "true"})

# NULL and empty.
for label, options in (("default", {}), ("na", {"nullValue": "NA"}), ("empty", {"emptyValue": "E"}),
                       ("both", {"nullValue": "NA", "emptyValue": "E"}), ("dash", {"nullValue": "-"})):
    case(f"null_{label}", 'x,"",y,\n"",x,"",""\nNA,"NA",-,"-"\n,,,\n', options,
    "a STRING, b STRING, c STRING, d STRING")
    case(f"null_int_{label}", '1,"",3,\n"",2,"",""\nNA,2,-,"-"\n', options, "a INT, b INT, c INT, d INT")

# Names.
case("names", "a,,A,b,b,a\n1,2,3,4,5,6\n", {"header": "true"})
case("names_null", "a,NA,_c1\n1,2,3\n", {"header": "true", "nullValue": "NA"})
case("names_none", "a,b\n1,2\n")
case("names_two_rows", "q1,q1,\nWhat?,Which?,Why?\nx,y,z\n", {"header": "true"})
case("names_space", ' a ,"b c", d\n1,2,3\n', {"header": "true"})
case("bom", b"\xef\xbb\xbfa,b\n1,2\n", {"header": "true"})
case("latin1", "a,b\n\u00e4,\u00ff\n".encode("latin-1"), {"header": "true", "encoding": "ISO-8859-1"})
case("not_utf8", b"a,b\n\xe4x,\xff\n", {"header": "true"})
case("tab", "a\tb\n1\t2\n", {"header": "true", "sep": "\\t"})
case("two_chars", "a||b||c\n1||\"x||y\"||3\n|||||\n", {"header": "true", "sep": "||"})
case("comment", "#c\na,b\n#1,2\n3,4\n 5,#6\n", {"header": "true", "comment": "#"})
case("blank_lines", "\n\na,b\n\n1,2\n   \n3,4\n\n", {"header": "true"})
case("blank_lines_multi", "\n\na,b\n\n1,2\n   \n3,4\n\n", {"header": "true", "multiLine": "true"})
case("no_quote", 'a,"b,c"\n', {"quote": ""}, "a STRING, b STRING, c STRING")
case("own_quote", "'a,b','c''d'\n", {"quote": "'", "escape": "'"}, "a STRING, b STRING")
case("escape_escape", '"a\\\\",b\n"a|\\"x",b\n', {"charToEscapeQuoteEscaping": "|"}, "a STRING, b STRING")

# Inference.
VALUES = {"int": ["1", "-2", "+3", "2147483647"], "bigint": ["1", "2147483648"], "decimal": ["1",
    "99999999999999999999"],
          "decimal38": ["12345678901234567890123456789012345678"],
          "decimal39": ["123456789012345678901234567890123456789"],
          "double": ["1", "1.5"], "exp": ["1e3"], "expneg": ["1e-3", "5"], "inf": ["Inf", "-Inf",
          "NaN"], "infinity": ["Infinity", "1"],
          "date": ["2020-01-31",
          "1999-12-01"], "baddate": ["2020-02-30"], "shortdate": ["2020-1-1"],
          "ts": ["2020-01-01 10:00:00", "2020-01-01T10:00:00.5"],
          "tsz": ["2020-01-01T10:00:00Z", "2020-01-01T10:00:00+02:00"], "datets": ["2020-01-01",
          "2020-01-01 10:00:00"],
          "tsdate": ["2020-01-01 10:00:00", "2020-01-01"], "bool": ["true", "False"], "boolstr": ["true",
          "x"], "intstr": ["1", "x"],
          "nullint": ["", "1"], "allnull": ["", ""], "intdate": ["1", "2020-01-01"], "boolint": ["true",
          "1"], "intbool": ["1", "true"],
          "zeros": ["007",
          "00"], "point": ["100."], "pointbig": ["100000000000000000000."], "dotfive": [".5"],
          "suffix": ["1d", "2f"], "hex": ["0x10"],
          "space": [" 1"], "doublespace": [" 1.5 "], "time": ["10:30:00"], "year": ["2020"],
          "yearmonth": ["2020-01"], "comma": ['"1,000"'],
          "bigdec": ["99999999999999999999", "1.5"], "bigint_dec": ["5000000000", "99999999999999999999"]}
for label, values in VALUES.items():
    data = "c,k\n" + "".join(f"{v},{i}\n" for i, v in enumerate(values))
    case(f"infer_{label}", data, INFER)
case("infer_na", "a,b\nNA,1\n2,NA\n", {**INFER, "nullValue": "NA"})
case("infer_no_date", "a\n2020-01-01\n", {**INFER, "preferDate": "false"})
case("infer_format", "a,b\n31/01/2020,31/01/2020 10:00\n", {**INFER, "dateFormat": "dd/MM/yyyy",
    "timestampFormat": "dd/MM/yyyy HH:mm"})
case("infer_widths", "a,b\n1\n2,3,4\n", INFER)

# Types and modes.
TYPED = ("a INT, b DOUBLE, c DATE, d TIMESTAMP, e BOOLEAN, f DECIMAL(6,2), "
         "g STRING, h SMALLINT, i FLOAT, j BIGINT")
ROWS = ('1,1.5,2020-01-01,2020-01-01 10:20:30.123456,true,12.345,x,5,1.1,9223372036854775807\n'
        'x,y,z,w,v,u,t,s,r,q\n'
        '2147483648,1e400,2020-1-1,2020-01-01,TRUE,12345.67,"a,b",70000,1e40,9223372036854775808\n'
        ' 1, 1.5 ,2020-01-01 ,10:00,1,"1,234.5",, 5,NaN,-1\n'
        '1,2\n1,2,2020-01-01,2020-01-01,true,1,x,1,1,1,1\n\n')
for mode in ("PERMISSIVE", "DROPMALFORMED", "FAILFAST"):
    case(f"mode_{mode.lower()}", ROWS, {"mode": mode}, TYPED)
    case(f"mode_pruned_{mode.lower()}", ROWS, {"mode": mode}, TYPED, "SELECT g FROM v")
    case(f"mode_pruned_bad_{mode.lower()}", ROWS, {"mode": mode}, TYPED, "SELECT a FROM v")
    case(f"mode_count_{mode.lower()}", ROWS, {"mode": mode}, TYPED, "SELECT count(*) FROM v")
    case(f"mode_filter_{mode.lower()}", ROWS, {"mode": mode}, TYPED, "SELECT a, g FROM v WHERE a = 1")
case("corrupt", ROWS, {}, TYPED + ", _corrupt_record STRING")
case("corrupt_named", 'x,1\n2,"a""b"\n3\n', {"columnNameOfCorruptRecord": "bad"},
    "bad STRING, a INT, b STRING")
case("formats", "31/01/2020,2020|01|31 23.59,31.01.2020 1:02\n", {"dateFormat": "dd/MM/yyyy",
    "timestampFormat": "yyyy|MM|dd HH.mm"},
     "a DATE, b TIMESTAMP, c STRING")
case("zone", "2020-07-01 12:00:00\n2020-07-01T12:00:00Z\n", {"timeZone": "Europe/Berlin"}, "a TIMESTAMP")
case("ntz", "2020-07-01 12:00:00\n2020-07-01T12:00:00Z\n", {}, "a TIMESTAMP_NTZ")
case("nan", "nan,1\ninf,2\n-inf,3\nNaN,4\n", {"nanValue": "nan", "positiveInf": "inf",
    "negativeInf": "-inf"}, "a DOUBLE, b INT")
case("header_given", "x,y\n1,2\n", {"header": "true"}, "a INT, b INT")
case("header_checked", "x,y\n1,2\n", {"header": "true", "enforceSchema": "false"}, "a INT, b INT")
case("header_checked_right", "A,b\n1,2\n", {"header": "true", "enforceSchema": "false"}, "a INT, b INT")
case("max_columns", "1,2,3\n", {"maxColumns": "2"}, "a INT, b INT, c INT")
case("max_characters", "abcd,x\n", {"maxCharsPerColumn": "3"}, "a STRING, b STRING")

# Line ends of two kinds with multiLine: the first of the file tells which it is.
for label, data in {
        "lf": 'a,b\n1,"x\r\ny"\r\n2,u\rv\n\r\n3,z\r',
        "crlf": 'a,b\r\n1,"x\ny\r\nz"\n2,u\nv\r\n\n3,u\rv\r\n4,"c"\n5,d',
        "cr": 'a,b\r1,"x\ry"\r\n2,u\nv\r\n3,"c\r\nd"\n4,z\n', "quoted": '"a\r\nb",c\n1,2\n"3",4\n5,"6"\n7,8',
        "comment": 'a,b\r\n#x\ny\r\n1,2\n#z\r\n3,4\r\n', "space": 'a,b\r\n1,2\r\n ', "none": "a,b"}.items():
    case(f"ends_{label}", data, {"multiLine": "true", "comment": "#"})
    case(f"ends_trim_{label}", data, {"multiLine": "true", "ignoreLeadingWhiteSpace": "true",
        "ignoreTrailingWhiteSpace": "true", "header": "true"})

# What the parser is asked for: with multiLine, or without pruning, all values.
RAGGED = "a,b\n1,2\n3\n4,5,6\n"
for label, options in (("lines", {}), ("multi", {"multiLine": "true"}), ("all", {"columnPruning": "false"})):
    for mode in ("DROPMALFORMED", "FAILFAST"):
        case(f"pruned_{label}_{mode.lower()}", RAGGED, {"mode": mode, "header": "true", **options},
             "a INT, b INT", "SELECT count(*) FROM v")
    case(f"header_twice_{label}", "a,a\n1,2\n", {"header": "true", "enforceSchema": "false", **options})
    case(f"header_pruned_{label}", "a,x\n1,2\n", {"header": "true", "enforceSchema": "false", **options},
         "a INT, b INT", "SELECT a FROM v")
case("unescaped_raised", 'a,"b"c",d\n', {"unescapedQuoteHandling": "RAISE_ERROR"},
     "a STRING, b STRING, c STRING")
case("unescaped_back", '"a,b"c",d\n"e,f" g,h\n', {"unescapedQuoteHandling": "BACK_TO_DELIMITER",
     "multiLine": "true"}, "a STRING, b STRING, c STRING")
case("quote_at_end", 'x,z"\n"y",z"', {"ignoreLeadingWhiteSpace": "true"}, "a STRING, b STRING")

# enableDateTimeParsingFallback
FALLBACK = ("2020-01-02,2020-01-02 03:04:05\n02/01/2020,02/01/2020 03:04\n18000,2020-01-02T03:04:05+01:00\n"
            "2020-01-02T,12345\n2020-1-2 ,2020-1-2 \n-0044-03-15,\n+10000-01-01,\n")
for label, options in (("none", {}), ("true", {"enableDateTimeParsingFallback": "true"}),
                       ("false", {"enableDateTimeParsingFallback": "false"})):
    for kind in ("TIMESTAMP", "TIMESTAMP_NTZ"):
        case(f"fallback_{label}_{kind.lower()}", FALLBACK, options, f"a DATE, b {kind}")
        case(f"fallback_format_{label}_{kind.lower()}", FALLBACK, {"dateFormat": "dd/MM/yyyy",
            "timestampFormat": "dd/MM/yyyy HH:mm", "timestampNTZFormat": "dd/MM/yyyy HH:mm", **options},
             f"a DATE, b {kind}")
case("infer_wide_dates", "a,b\n+10000-01-01,-0044-03-15\n", INFER)
case("infer_other_format", "a\n2020-01-01T10:00:00\n", {**INFER, "timestampFormat": "dd/MM/yyyy HH:mm"})
