#!/usr/bin/env python3
"""Install a build into a scratch prefix, then use it as a stranger would: check.py BUILD_DIR COMPILER

Every example of examples/c is built twice, by pkg-config and by CMake's find_package, from a copy outside
the tree, and run without arguments; it must end with 0. weft.h must compile as C and, where there is a
C++ compiler, as C++."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def find(prefix, pattern):
    found = glob.glob(os.path.join(prefix, pattern), recursive=True)
    if not found:
        raise SystemExit(f"nothing installed matches {pattern}")
    return found[0]


def check_header(prefix, compiler):
    include = os.path.join(prefix, "include")
    source = "#include <weft.h>\n#include <weft.h>\nint main(void) { return 0; }\n"
    flags = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", include]
    run(compiler, *flags, "-std=c11", "-pedantic", "-x", "c", "-", input=source)
    plus = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++-14")
    if plus:
        run(plus, *flags, "-std=c++11", "-x", "c++", "-", input=source)


def main():
    build, compiler = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="weft-install-") as scratch:
        prefix, copy = os.path.join(scratch, "prefix"), os.path.join(scratch, "examples")
        run("cmake", "--install", build, "--prefix", prefix)
        shutil.copytree(os.path.join(ROOT, "examples", "c"), copy)
        program = os.path.join(prefix, "bin", "weft")
        library = os.path.dirname(find(prefix, "lib/**/libweft.so"))
        environment = dict(os.environ, LD_LIBRARY_PATH=library)
        environment["PKG_CONFIG_PATH"] = os.path.dirname(find(prefix, "lib/**/weft.pc"))
        package = os.path.dirname(find(prefix, "lib/**/weft-config.cmake"))
        run(program, "--help")
        check_header(prefix, compiler)

        # The installed prefix differs from the configured one: pkg-config is told.
        flags = run(
            "pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "weft", env=environment
        )
        names = sorted(glob.glob(os.path.join(copy, "*.c")))
        for source in names:
            binary = os.path.join(scratch, "by_pkg_config")
            run(compiler, "-Wall", "-Wextra", "-o", binary, source, *flags.split())
            run(binary, env=environment, cwd=scratch)
        run(
            "cmake",
            "-G",
            "Ninja",
            "-S",
            copy,
            "-B",
            os.path.join(scratch, "build"),
            f"-Dweft_DIR={package}",
            f"-DCMAKE_C_COMPILER={compiler}",
        )
        run("cmake", "--build", os.path.join(scratch, "build"))
        for source in names:
            binary = os.path.join(scratch, "build", os.path.basename(source).removesuffix(".c"))
            run(binary, env=environment, cwd=scratch)
    print(f"install: {len(names)} examples built twice and run")


if __name__ == "__main__":
    main()
