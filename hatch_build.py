"""What a build of the distribution makes before files are collected.

Owns the order of the steps; each step is a module of its own, loaded by path, since a build runs without the package.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "collector"))

import native_build
import ui_build


class SpanhouseBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Builds the web UI where it is missing, and compiles the mapper for a wheel or an editable installation."""

    def dependencies(self) -> list[str]:
        """Packages that the build needs beside hatchling, and only where it does."""
        return [*native_build.requirements(), *ui_build.requirements(Path(self.root))]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what is missing; an editable install builds no UI, `make ui` does."""
        if version != "editable":
            ui_build.build_if_missing(Path(self.root))
        if self.target_name == "wheel":
            native_build.build_into(build_data, is_editable=version == "editable")
