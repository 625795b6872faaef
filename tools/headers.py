#!/usr/bin/env python3
"""Compile every header of the tree alone: headers.py COMPILER [FLAGS...]"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402


def compile_alone(header):
    # A source that includes the header, not the header itself: that would warn about an unused `#pragma once`
    # or static functions, which are right in a header. Twice: the guard works.
    source = f'#include "{header}"\n#include "{header}"\n'
    done = subprocess.run(
        sys.argv[1:] + ["-fsyntax-only", "-x", "c", "-I", tree.ROOT, "-"],
        input=source,
        capture_output=True,
        text=True,
    )
    return header, done.returncode, done.stderr


def main():
    if len(sys.argv) < 2:
        raise SystemExit("usage: headers.py COMPILER [FLAGS...]")
    headers = [h for h in tree.files(".h") if not tree.is_template(h)]
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, code, errors in pool.map(compile_alone, headers):
            if code != 0:
                failed += 1
                print(f"{header} does not compile alone:\n{errors}")
    print(f"headers: {len(headers)} headers, {failed} problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
