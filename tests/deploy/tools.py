"""What the checks of this folder use besides Python's own library: PyPI packages in build/venv (put there by
scripts/venv), and helm. A check without its tool is skipped, and says so; tests/deploy/run installs all."""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DEPLOY = os.path.join(ROOT, "deploy")
VENV = os.path.join(ROOT, "build", "venv")
SKIPPED = 77  # what CTest takes for it


def in_venv(package):
    """Go on in build/venv, where the package is; without it the test ends as skipped."""
    python = os.path.join(VENV, "bin", "python")
    if not os.path.exists(os.path.join(VENV, f".installed-{package}")):
        print(f"skipped: build/venv has no {package} (scripts/venv {package})")
        sys.exit(SKIPPED)
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        os.execv(python, [python, *sys.argv])


def helm():
    """The program, or None."""
    own = os.path.join(ROOT, "build", "tools", "helm")
    return os.environ.get("HELM") or (own if os.path.exists(own) else shutil.which("helm"))
