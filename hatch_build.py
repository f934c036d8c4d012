"""What a build of the distribution makes before files are collected.

Owns the order of the steps; each step is a module of its own, loaded by path, since a build runs without the package.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "collector"))

import ui_build


class SpanhouseBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Builds the web UI where it is missing."""

    def dependencies(self) -> list[str]:
        """Packages that the build needs beside hatchling, and only where it does."""
        return ui_build.requirements(Path(self.root))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what is missing; an editable install builds nothing, `make ui` does."""
        if version != "editable":
            ui_build.build_if_missing(Path(self.root))
