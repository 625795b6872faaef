"""The source tree as the checks of this folder see it: the files, and C text without comments."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED = {"build", "__pycache__"}
HIDDEN = {".ci"}  # other hidden folders are tools' caches


def files(*suffixes):
    """Paths from the root of every file of the tree with one of the suffixes (all files without any)."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(d for d in folders if d not in SKIPPED and (d[0] != "." or d in HIDDEN))
        for name in sorted(names):
            if not suffixes or name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), ROOT))
    return found


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def is_template(path):
    """X-lists and bodies that are included with macros set: they do not stand alone."""
    return path.endswith((".inc.h", "_list.h"))


_C_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(source):
    """C source with comments and the insides of literals blanked; lines keep their numbers."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] + token[0]
        return re.sub(r"[^\n]", " ", token)

    return _C_TOKENS.sub(blank, source)
