"""Read tests run on both engines; the fixtures are those of `tests.engines`."""

from __future__ import annotations

from tests.engines import embedded_directory, engine, host, open_suite, store

__all__ = ["embedded_directory", "engine", "host", "open_suite", "store"]
