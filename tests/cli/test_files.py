"""ADD FILE, LIST FILES, and statements that read a session's files: in one process."""

import glob
import os
import unittest

from cli_case import CliCase


class Files(CliCase):
    def table(self, name, rows):
        """A Parquet file of so many rows; its path."""
        folder = self.path(name + ".d")
        values = ", ".join(f"({row})" for row in range(rows))
        done = self.sql(
            f"INSERT OVERWRITE DIRECTORY '{folder}' USING parquet SELECT * FROM (VALUES {values}) t(id)"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        parts = glob.glob(os.path.join(folder, "*.parquet"))
        self.assertEqual(len(parts), 1)
        os.rename(parts[0], self.path(name))
        return self.path(name)

    def conf(self):
        scratch = self.path("scratch")
        os.makedirs(scratch, exist_ok=True)
        return ("--conf", f"weft.scratch.dir={scratch}")

    def test_what_is_added_is_listed_and_read(self):
        first, second = self.table("a b.parquet", 100), self.table("c.parquet", 7)
        text = (
            f"ADD FILE '{first}'; ADD FILES '{first}' \"{second}\"; LIST FILES;"
            "LIST FILE '/elsewhere/c.parquet';"
            "SELECT count(*) FROM parquet.`artifact:files/a b.parquet`;"
            "CREATE TEMPORARY VIEW c USING parquet OPTIONS (path 'artifact:files/c.parquet');"
            "SELECT count(*) FROM c JOIN parquet.`artifact:files/a b.parquet` USING (id)"
        )
        names = ["artifact:files/a b.parquet", "artifact:files/c.parquet"]
        lines = ["Results", *names, "Results", names[1], "count(1)", "100", "count(1)", "7"]
        self.assertEqual(self.rows(text, *self.conf()).split("\n")[:-1], lines)
        self.assertEqual(os.listdir(self.path("scratch")), [])

    def test_it_is_the_file_as_it_was(self):
        """Later changes of the client's file change nothing, and a name has one content."""
        path, other = self.table("a.parquet", 5), self.table("b.parquet", 6)
        folder = self.path("elsewhere")
        os.mkdir(folder)
        os.rename(other, os.path.join(folder, "a.parquet"))
        done = self.sql(f"ADD FILE {path}; ADD FILE {folder}/a.parquet", *self.conf())
        self.fails(done, 1, "artifact files/a.parquet already exists")

    def test_what_is_not_there(self):
        self.fails(self.sql("ADD FILE /no/such/file"), 1, "PATH_NOT_FOUND")
        self.fails(self.sql(f"ADD FILE '{self.folder}'"), 1, "is a folder")
        self.fails(self.sql("SELECT * FROM parquet.`artifact:files/x`"), 1, "PATH_NOT_FOUND", "LIST FILES")
        self.fails(self.sql("SELECT * FROM parquet.`artifact:../../etc/passwd`"), 1, "PATH_NOT_FOUND")
        self.fails(self.sql("ADD FILE"), 1, "PARSE_SYNTAX_ERROR")
        self.fails(self.sql("ADD NOTHING 'x'"), 1, "_LEGACY_ERROR_TEMP_0035", "NOTHING")

    def test_the_words_are_names_elsewhere(self):
        text = "SELECT list, add, file, files FROM (VALUES (1, 2, 3, 4)) list(list, add, file, files)"
        self.assertEqual(self.rows(text), "list,add,file,files\n1,2,3,4\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
