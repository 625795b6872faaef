#!/usr/bin/env python3
"""Check that arrows between folders point one way: arrows.py BUILD_DIR

The graph is what weft_add_module() declared (BUILD_DIR/modules.txt). Three checks:
1. it has no cycle, and the rules of arrows.txt hold;
2. a file includes headers only of modules that its own reaches;
3. an archive leaves undefined only weft symbols that a module it reaches defines (a static library does not
   tell by itself: the program that links everything would still link)."""

import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402


def read_graph(build):
    folders, deps = {}, {}
    with open(os.path.join(build, "modules.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip():
                name, folder, *needs = line.split()
                folders[name], deps[name] = folder, needs
    return folders, deps


def reach(deps, name, trail=()):
    """Every module that `name` links, itself too. A cycle is an error."""
    if name in trail:
        raise SystemExit("cycle: " + " -> ".join(trail + (name,)))
    found = {name}
    for need in deps.get(name, ()):
        found |= reach(deps, need, trail + (name,))
    return found


def read_rules():
    only, never = {}, []
    for line in tree.text("tools/arrows.txt").splitlines():
        words = line.split("#")[0].split()
        if words and words[0] == "only":
            only[words[1], words[2]] = set(words[3:])
        elif words and words[0] == "never":
            never.append((words[1], words[2]))
        elif words:
            raise SystemExit(f"tools/arrows.txt: unknown rule '{words[0]}'")
    return only, never


def check_includes(folders, reached, only):
    by_length = sorted(folders.items(), key=lambda item: -len(item[1]))

    def module_of(path):
        return next((name for name, folder in by_length if path.startswith(folder + "/")), None)

    for path in tree.files(".c", ".h"):
        user = module_of(path)
        if user is None:
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            used = module_of(match.group(1)) if match else None
            if used is None or used == user:
                continue
            header = match.group(1)
            if used not in reached[user]:
                yield f"{path}:{number}: {user} must not include {header} ({used} is not below {user})"
            elif (user, used) in only and header not in only[user, used]:
                yield f"{path}:{number}: {user} sees {used} only by its interface, not {header}"


def symbols(archive):
    """(defined, undefined) weft symbols of an archive."""
    defined, undefined = set(), set()
    done = subprocess.run(["nm", "-g", "--format=posix", archive], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0].startswith("weft_"):
            (undefined if words[1] in "Uw" else defined).add(words[0])
    return defined, undefined - defined


def check_symbols(build, folders, reached):
    tables = {}
    for name in folders:
        for archive in glob.glob(os.path.join(build, folders[name], f"libweft_{name}.a")):
            tables[name] = symbols(archive)
    for name, (_, undefined) in sorted(tables.items()):
        for symbol in sorted(undefined):
            owners = [other for other, (defined, _) in tables.items() if symbol in defined]
            if not owners:
                yield f"weft_{name}: {symbol} is defined nowhere"
            elif not any(owner in reached[name] for owner in owners):
                yield f"weft_{name}: {symbol} is {owners[0]}'s, which is not below {name}"


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: arrows.py BUILD_DIR")
    build = sys.argv[1]
    folders, deps = read_graph(build)
    reached = {name: reach(deps, name) for name in folders}
    only, never = read_rules()
    problems = [f"{a} must never reach {b}" for a, b in never if b in reached.get(a, ())]
    problems += check_includes(folders, reached, only)
    problems += check_symbols(build, folders, reached)
    for problem in problems:
        print(problem)
    print(f"arrows: {len(folders)} modules, {sum(map(len, deps.values()))} arrows, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
