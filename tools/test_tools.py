#!/usr/bin/env python3
"""The checks must be able to fail: each rule of tidy and arrows on a small bad input."""

import importlib.machinery
import importlib.util
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import arrows  # noqa: E402
import tree  # noqa: E402

loader = importlib.machinery.SourceFileLoader("tidy", os.path.join(HERE, "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)


def rules_of(path, text):
    found = []
    tidy.check_text(path, text, lambda p, line, rule, message: found.append(rule))
    if path.endswith((".c", ".h")):
        tidy.check_c(path, text, lambda p, line, rule, message: found.append(rule))
    return found


class Tidy(unittest.TestCase):
    HEAD = "/* x.c - x */\n"

    def test_clean_source(self):
        code = '#include "common/base.h"\nint x; /* free( */\n'
        self.assertEqual(rules_of("common/x.c", self.HEAD + code), [])

    def test_banned_call(self):
        for call in ("strcpy", "sprintf", "malloc", "free", "rand", "time"):
            code = f"void f(void) {{ {call}(0); }}\n"
            self.assertEqual(rules_of("engine/expr/x.c", self.HEAD + code), ["banned"], call)

    def test_call_in_comment_text_or_longer_name_is_fine(self):
        code = 'const char *s = "free(x)"; /* malloc(1) */ weft_mem_free(p); ops->free(p); x.free(p);\n'
        self.assertEqual(rules_of("engine/expr/x.c", self.HEAD + code), [])

    def test_allowed_places(self):
        self.assertEqual(rules_of("common/mem.c", self.HEAD + "void *p = malloc(1);\n"), [])
        code = "free(p); /* tidy: allow free: the library's */\n"
        self.assertEqual(rules_of("engine/x.c", self.HEAD + code), [])

    def test_header_guard(self):
        good = "/* h */\n#ifndef WEFT_COMMON_X_H\n#define WEFT_COMMON_X_H\n#endif\n"
        self.assertEqual(rules_of("common/x.h", good), [])
        self.assertEqual(rules_of("common/x.h", good.replace("COMMON_X", "Y")), ["guard"])

    def test_text_rules(self):
        self.assertEqual(rules_of("a.py", "x" * 111 + "\n"), ["long"])
        self.assertEqual(rules_of("a.py", "x \n"), ["space"])
        self.assertEqual(rules_of("a.py", "x"), ["newline"])
        self.assertEqual(rules_of("a.md", "see .." + "/shared/x\n"), ["foreign"])
        self.assertEqual(rules_of("a.py", "# TO" + "DO later\n"), ["todo"])

    def test_hollow_test(self):
        code = "int main(void) { return 0; }\n"
        self.assertEqual(rules_of("tests/unit/test_x.c", self.HEAD + code), ["hollow"])

    def test_missing_readme(self):
        found = []
        tidy.check_folders(
            {"common/x.c", "engine/expr/x.c", "engine/README.md", "common/README.md"},
            lambda path, line, rule, message: found.append((path, rule)),
        )
        self.assertEqual(found, [("engine/expr", "readme")])


    def test_status_that_nothing_raises(self):
        found = []
        listed = '/* list */\nX(USED, "USED", "0A000", USER)\nX(DEAD, "DEAD",\n  "0A000", USER)\n'
        tidy.check_statuses(listed, {"USED"}, lambda path, line, rule, message: found.append((line, rule)))
        self.assertEqual(found, [(3, "status")])


class Arrows(unittest.TestCase):
    def test_cycle(self):
        with self.assertRaises(SystemExit):
            arrows.reach({"a": ["b"], "b": ["a"]}, "a")

    def test_reach(self):
        self.assertEqual(arrows.reach({"a": ["b"], "b": ["c"], "c": []}, "a"), {"a", "b", "c"})

    def test_wrong_include(self):
        saved = tree.files, tree.text
        sources = {
            "common/x.c": '#include "engine/plan/y.h"\n',
            "engine/exec/z.c": '#include "engine/plan/in.h"\n',
        }
        try:
            tree.files, tree.text = (lambda *suffixes: list(sources)), sources.get
            folders = {"common": "common", "plan": "engine/plan", "exec": "engine/exec"}
            reached = {"common": {"common"}, "plan": {"plan", "common"}, "exec": {"exec", "plan", "common"}}
            found = list(arrows.check_includes(folders, reached, {("exec", "plan"): {"engine/plan/node.h"}}))
        finally:
            tree.files, tree.text = saved
        self.assertEqual(len(found), 2)
        self.assertIn("is not below", found[0])
        self.assertIn("only by its interface", found[1])


if __name__ == "__main__":
    unittest.main()
