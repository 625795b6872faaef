"""DESCRIBE EXTENDED … AS JSON: the document of Spark 4.3, key for key, but for times and places."""

import json
import unittest

from cli_case import CliCase


def text(collation="UTF8_BINARY"):
    return {"name": "string", "collation": collation}


def column(name, kind, **more):
    kind = kind if isinstance(kind, dict) else {"name": kind}
    return {"name": name, "type": kind, "nullable": True, **more}


class Describe(CliCase):
    def describe(self, setup, statement):
        """The document, with its keys in order, without what differs from run to run."""
        done = self.sql(f"{setup}; {statement}", "-S", "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        row = json.loads(done.stdout.strip().split("\n")[-1])
        document = json.loads(row["json_metadata"])
        self.assertRegex(document.pop("created_time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(document.pop("created_by"), r"^Weft ")
        return document

    def test_a_table_of_all_types(self):
        made = (
            "CREATE TABLE s3 (a INT DEFAULT 5 COMMENT 'ca', b DECIMAL(10,2),"
            "c ARRAY<STRUCT<x INT, y STRING>>,"
            "d MAP<STRING, INT>, e CHAR(4), f VARCHAR(5), g STRING COLLATE UTF8_LCASE, h TIMESTAMP,"
            "i TIMESTAMP_NTZ, j INTERVAL YEAR TO MONTH, k BINARY, l VARIANT, m DATE, n TINYINT, o FLOAT)"
            "USING parquet CLUSTERED BY (a) SORTED BY (m) INTO 4 BUCKETS COMMENT 'tc' "
            "TBLPROPERTIES ('k' = 'v') OPTIONS ('compression' = 'zstd'); ANALYZE TABLE s3 COMPUTE STATISTICS"
        )
        document = self.describe(made, "DESCRIBE EXTENDED s3 AS JSON")
        self.assertTrue(document.pop("location").endswith("/weft-warehouse/s3"))
        fields = [column("x", "int"), column("y", text())]
        struct = {"name": "struct", "fields": fields}
        array = {"name": "array", "element_type": struct, "element_nullable": True}
        pairs = {"name": "map", "key_type": text(), "value_type": {"name": "int"}, "value_nullable": True}
        expected = {
            "table_name": "s3",
            "catalog_name": "spark_catalog",
            "namespace": ["default"],
            "schema_name": "default",
            "columns": [
                column("a", "int", comment="ca", default="5"),
                column("b", {"name": "decimal", "precision": 10, "scale": 2}),
                column("c", array),
                column("d", pairs),
                column("e", text()),
                column("f", text()),
                column("g", text("UTF8_LCASE")),
                column("h", "timestamp_ltz"),
                column("i", "timestamp_ntz"),
                column("j", {"name": "interval", "start_unit": "year", "end_unit": "month"}),
                column("k", "binary"),
                column("l", "variant"),
                column("m", "date"),
                column("n", "tinyint"),
                column("o", "float"),
            ],
            "num_buckets": 4,
            "bucket_columns": ["a"],
            "sort_columns": ["m"],
            "storage_properties": {"compression": "zstd"},
            "last_access": "UNKNOWN",
            "type": "MANAGED",
            "provider": "parquet",
            "comment": "tc",
            "table_properties": {"k": "v"},
            "statistics": {"size_in_bytes": 0, "num_rows": 0},
            "collation": "UTF8_BINARY",
        }
        self.assertEqual(json.dumps(document), json.dumps(expected))

    def test_a_partition(self):
        made = (
            "CREATE TABLE s1 (a INT, p INT, q STRING) USING parquet PARTITIONED BY (p, q);"
            "INSERT INTO s1 VALUES (1, 1, 'a'); ANALYZE TABLE s1 PARTITION (p = 1) COMPUTE STATISTICS"
        )
        document = self.describe(made, "DESCRIBE FORMATTED s1 PARTITION (p = 1, q = 'a') AS JSON")
        self.assertTrue(document.pop("location").endswith("/s1/p=1/q=a"))
        self.assertRegex(document.pop("partition_statistics"), r"^\d+ bytes, 1 rows$")
        expected = {
            "table_name": "s1",
            "catalog_name": "spark_catalog",
            "namespace": ["default"],
            "schema_name": "default",
            "columns": [column("a", "int"), column("p", "int"), column("q", text())],
            "partition_values": {"p": "1", "q": "a"},
            "last_access": "UNKNOWN",
            "type": "MANAGED",
            "provider": "parquet",
            "partition_provider": "Catalog",
            "partition_columns": ["p", "q"],
            "collation": "UTF8_BINARY",
        }
        self.assertEqual(json.dumps(document), json.dumps(expected))

    def test_a_view(self):
        document = self.describe("CREATE VIEW sv AS SELECT 1 a", "DESCRIBE EXTENDED sv AS JSON")
        expected = {
            "table_name": "sv",
            "catalog_name": "spark_catalog",
            "namespace": ["default"],
            "schema_name": "default",
            "columns": [{"name": "a", "type": {"name": "int"}, "nullable": False}],
            "last_access": "UNKNOWN",
            "type": "VIEW",
            "view_text": "SELECT 1 a",
            "view_original_text": "SELECT 1 a",
            "view_schema_mode": "COMPENSATION",
            "view_catalog_and_namespace": "spark_catalog.default",
            "view_query_output_columns": ["a"],
            "view_creation_spark_configuration": {
                "spark.sql.ansi.enabled": "true",
                "spark.sql.session.timeZone": "UTC",
            },
            "collation": "UTF8_BINARY",
        }
        self.assertEqual(json.dumps(document), json.dumps(expected))

    def test_what_is_refused(self):
        made = "CREATE TABLE t (a INT) USING parquet; CREATE TEMPORARY VIEW v AS SELECT 1 a;"
        self.fails(self.sql(f"{made} DESCRIBE t AS JSON"), 1, "DESCRIBE_JSON_NOT_EXTENDED", "0A000")
        self.fails(self.sql("DESCRIBE EXTENDED t a AS JSON"), 1, "DESC_TABLE_COLUMN_JSON", "0A000")
        self.fails(self.sql("DESCRIBE EXTENDED nosuch AS JSON"), 1, "TABLE_OR_VIEW_NOT_FOUND")
        self.fails(self.sql("CREATE TEMPORARY VIEW v AS SELECT 1 a; DESC EXTENDED v AS JSON"), 1, "AS JSON")


if __name__ == "__main__":
    unittest.main()
