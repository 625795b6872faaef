"""Statements that change one table, from several processes at once: none is lost."""

import subprocess
import unittest

from cli_case import WEFT, CliCase

PROCESSES, CHANGES = 3, 40


class Alter(CliCase):
    def test_changes_of_several_processes_stay(self):
        warehouse = ("--conf", f"weft.sql.warehouse.dir={self.path('warehouse')}")
        made = self.sql("CREATE TABLE t (a INT) USING parquet; INSERT INTO t VALUES (1)", *warehouse)
        self.assertEqual(made.returncode, 0, made.stderr)
        texts = [
            ";".join(f"ALTER TABLE t SET TBLPROPERTIES ('p{number}.{i}' = 'x')" for i in range(CHANGES))
            for number in range(PROCESSES)
        ]
        texts.append(";".join("ANALYZE TABLE t COMPUTE STATISTICS" for _ in range(CHANGES)))
        running = [
            subprocess.Popen(
                [WEFT, "sql", "-e", text, *warehouse],
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for text in texts
        ]
        for process in running:
            _, complaints = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, complaints)
        rows = self.rows("SHOW TBLPROPERTIES t", *warehouse).split("\n")
        found = {row.split(",")[0] for row in rows}
        wanted = {f"p{number}.{i}" for number in range(PROCESSES) for i in range(CHANGES)}
        self.assertEqual(wanted - found, set())


if __name__ == "__main__":
    unittest.main()
