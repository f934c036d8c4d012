"""Building the compiled mapper: for `hatch_build.py`, and by hand `python collector/native_build.py` (`make native`).

Owns the way from `_native.pyx` to the extension beside it, with the machine's C compiler or, where there is none, with
zig, which pip gets from PyPI for the time of the build. Environment: SPANHOUSE_CC names a compiler (`zig` for that of
the package `ziglang`), SPANHOUSE_WHEEL_TAG the platform of a wheel (`manylinux_2_28_x86_64`, for which zig
compiles against that version of the C library), SPANHOUSE_CFLAGS more flags.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "spanhouse_collector" / "mapper"
SOURCE = FOLDER / "_native.pyx"
EXTENSION = FOLDER / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"
FLAGS = ("-O2", "-g0", "-fPIC", "-shared", "-fwrapv", "-DNDEBUG", "-w")
_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")


def requirements() -> list[str]:
    """What pip must get for the build."""
    return ["cython>=3.1", *([] if _compiler() else ["ziglang>=0.13"])]


def build_into(build_data: dict[str, Any], *, is_editable: bool) -> None:
    """Compile, and say so to hatchling: the wheel holds the extension and is of this Python and platform."""
    build()
    build_data["pure_python"] = False
    tag = os.environ.get("SPANHOUSE_WHEEL_TAG")
    if tag:
        python = f"cp{sys.version_info.major}{sys.version_info.minor}"
        build_data["tag"] = f"{python}-{python}-{tag}"
    else:
        build_data["infer_tag"] = True
    if not is_editable:
        build_data["force_include"][str(EXTENSION)] = f"spanhouse_collector/mapper/{EXTENSION.name}"


def build() -> None:
    """Compile the extension beside its source, unless it is newer than all of that."""
    sources = [*FOLDER.glob("*.pyx"), *FOLDER.glob("*.pxi"), Path(__file__)]
    if EXTENSION.exists() and EXTENSION.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return
    with tempfile.TemporaryDirectory(prefix="spanhouse-native-") as folder:
        c_file, made = Path(folder) / "_native.c", Path(folder) / EXTENSION.name
        subprocess.run([sys.executable, "-m", "cython", "-3", str(SOURCE), "-o", str(c_file)], check=True)
        include = sysconfig.get_path("include")
        extra = shlex.split(os.environ.get("SPANHOUSE_CFLAGS", ""))
        command = [*(_compiler() or _zig()), *FLAGS, *extra, f"-I{include}", str(c_file), "-o", str(made), "-lm"]
        subprocess.run(command, check=True)
        shutil.copy2(made, f"{EXTENSION}.new")
        os.replace(f"{EXTENSION}.new", EXTENSION)


def _compiler() -> list[str] | None:
    """The machine's compiler; None when zig is to be used."""
    named = os.environ.get("SPANHOUSE_CC", "")
    if named == "zig" or os.environ.get("SPANHOUSE_WHEEL_TAG"):
        return None
    if named:
        return shlex.split(named)
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return [found] if found else None


def _zig() -> list[str]:
    match = _MANYLINUX.fullmatch(os.environ.get("SPANHOUSE_WHEEL_TAG", ""))
    target = ["-target", f"{match[3]}-linux-gnu.{match[1]}.{match[2]}"] if match else []
    return [sys.executable, "-m", "ziglang", "cc", *target]


if __name__ == "__main__":
    build()
