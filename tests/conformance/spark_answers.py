"""What Apache Spark answers: rows, names, types and error classes of statements, kept in a file.

The file is scratch (build/conformance): it holds answers of the installed PySpark and is made again for
another version of it. Spark starts only when a statement is asked for that the file does not have."""

import json
import os
import re
import tempfile

import spark_sql

SETTINGS = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}


def type_text(data_type):
    """A Spark type as DESCRIBE shows it."""
    return data_type.simpleString()


def frame_of(spark, text):
    """A statement's frame, and the names and types of its columns. Types that Spark has and PySpark cannot
    read (timestamp_ntz(9)) are cast to text within Spark."""
    frame = spark.sql(text)
    fields = frame._jdf.schema().fields()
    names, types = [field.name() for field in fields], [field.dataType().catalogString() for field in fields]
    if any(re.search(r"timestamp_[ln]tz\(", kind) for kind in types):
        places = [f"c{i}" for i in range(len(names))]
        shown = ", ".join(f"CAST({place} AS STRING) AS {place}" for place in places)
        return spark.sql(f"SELECT {shown} FROM ({text}) AS plain({', '.join(places)})"), names, types
    return frame, names, [type_text(field.dataType) for field in frame.schema.fields]


def ask(spark, text):
    """{names, types, rows} or {error, sqlstate, message}; a row is a list of texts as CAST gives them."""
    from pyspark.sql import functions as f

    try:
        frame, names, types = frame_of(spark, text)
        plain = frame.toDF(*(f"c{i}" for i in range(len(names))))
        shown = []
        for name, kind in zip(plain.columns, types):
            column = plain[name]
            if kind == "binary":
                column = f.hex(column)  # not all bytes are text
            elif kind.startswith("variant"):
                column = f.to_json(column)
            shown.append(column.cast("string"))
        rows = [list(row) for row in plain.select(shown).collect()] if names else []
    except Exception as error:  # noqa: BLE001 every error of Spark is an answer
        name, state, line = spark_sql.error_of(error)
        return {"error": name, "sqlstate": state, "message": line}
    return {"names": names, "types": types, "rows": rows}


class Answers:
    """Spark's answers by statement, from the file or from a Spark that is started for it."""

    def __init__(self, path):
        self.path, self.spark, self.scratch = path, None, None
        self.known = {"version": None, "functions": {}, "answers": {}}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.known = json.load(file)

    def session(self):
        if self.spark is None:
            self.scratch = tempfile.TemporaryDirectory(prefix="weft-spark-")
            here = os.getcwd()
            os.chdir(self.scratch.name)
            self.spark = spark_sql.open_session(self.scratch.name)
            os.chdir(here)
            for key, value in SETTINGS.items():
                self.spark.conf.set(key, value)
            if self.known["version"] != self.spark.version:
                self.known = {"version": self.spark.version, "functions": {}, "answers": {}}
        return self.spark

    def functions(self):
        """{name: {group, examples}} of every function that Spark lists."""
        if not self.known["functions"]:
            spark = self.session()
            names = [row[0] for row in spark.sql("SHOW FUNCTIONS").collect()]
            for name in names:
                rows = spark.sql(f"DESCRIBE FUNCTION EXTENDED `{name}`").collect()
                text = "\n".join(row[0] for row in rows)
                self.known["functions"][name] = {
                    "group": group_of(spark, name),
                    "examples": examples_of(text),
                }
        return self.known["functions"]

    def of(self, text, before=()):
        """Spark's answer after the SET statements `before`; "unstable": a second try gave other rows."""
        key = ";\n".join([*before, text])
        answers = self.known["answers"]
        if key not in answers:
            spark = self.session()
            if before:
                spark = spark.newSession()
                for setting in before:
                    spark.sql(setting)
            first = ask(spark, text)
            if ask(spark, text).get("rows") != first.get("rows"):
                first["unstable"] = True
            answers[key] = first
        return answers[key]

    def close(self):
        """Keep what was learnt and stop Spark."""
        if self.spark is None:
            return
        self.spark.stop()
        self.spark = None
        self.scratch.cleanup()
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.known, file, indent=0)


def group_of(spark, name):
    catalog = spark._jsparkSession.sessionState().catalog()
    identifier = spark._jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name)
    try:
        return catalog.lookupFunctionInfo(identifier).getGroup() or "operators"
    except Exception:  # noqa: BLE001 operators that are only grammar are not in the registry
        return "operators"


def examples_of(text):
    """The statements of the part "Examples:": each begins with "> " and ends with ";"."""
    part = text.partition("Examples:")[2]
    return [
        re.sub(r"\n\s*", " ", statement).strip()
        for statement in re.findall(r"^\s*> (.*?);[ \t]*$", part, re.M | re.S)
    ]
