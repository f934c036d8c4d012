"""How the suite is spread over processes: one file, or one group of files, after the other goes to whoever is free.

Owns the order, longest first, so that no process is left with a long file at the end while the others have nothing to
do; the groups of files that share what is dear to make; and the directory of prepared databases that all share.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings

from tests.prepared import SHARED

ROOT: Final = Path(__file__).resolve().parents[1]
# Files that share a replay, or a collector and its server, which a process makes once.
GROUPS: Final = {
    "tests/exporters/test_captures.py": "tests/exporters/test_python_exporters.py",
    "tests/exporters/test_js_exporters.py": "tests/exporters/test_python_exporters.py",
    "tests/collector/trace_model/test_captures.py": "tests/collector/trace_model/test_fixtures.py",
    "tests/collector/trace_model/test_reviewed.py": "tests/collector/trace_model/test_fixtures.py",
}
# What takes more than a few seconds, longest first; others come after them, in the order of their names.
LONGEST_FIRST: Final = (
    "tests/collector/trace_model/test_fixtures.py",
    "tests/crash/test_kill.py",
    "tests/exporters/test_python_exporters.py",
    "tests/collector/storage/test_exact.py",
    "tests/collector/storage/test_mapping.py",
    "tests/crash/test_signals.py",
    "tests/collector/receiver/test_connections.py",
    "tests/crash/test_outage.py",
    "tests/crash/test_disk_full.py",
    "tests/collector/receiver/test_compression.py",
    "tests/collector/storage/test_schema.py",
    "tests/collector/mapper/test_equality.py",
    "tests/collector/storage/test_prices.py",
    "tests/collector/trace_model/test_oracle.py",
    "tests/collector/storage/test_schema_lock.py",
    "tests/collector/storage/test_restart.py",
    "tests/collector/storage/test_remap.py",
    "tests/collector/storage/test_attribute_index.py",
    "tests/collector/storage/test_compatible_views.py",
    "tests/collector/storage/test_prices_oracle.py",
    "tests/collector/loader/test_real_engine.py",
    "tests/collector/query/filter/test_answers.py",
    "tests/collector/query/test_deletes.py",
    "tests/collector/query/sql/test_corpus.py",
    "tests/collector/query/sql/test_guard.py",
    "tests/test_readme.py",
    "tests/collector/api/test_feedback_routes.py",
    "tests/collector/cli/test_serve.py",
    "tests/collector/api/test_openapi.py",
    "tests/collector/api/test_sql_route.py",
    "tests/collector/query/test_tags.py",
    "tests/collector/receiver/test_replies.py",
    "tests/collector/query/search/test_arrivals.py",
    "tests/collector/receiver/test_hosts.py",
    "tests/shim/test_collector.py",
    "tests/demo/test_apps.py",
)
# Examples are the same in every run, unless a test asks for others: what a new one finds is no fault of a later change.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")
_shared = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def group_of(nodeid: str) -> str:
    """The file of a test, or the first one of the group that it belongs to."""
    file = nodeid.partition("::")[0]
    return GROUPS.get(file, file)


def pytest_configure(config: pytest.Config) -> None:
    if SHARED not in os.environ:
        config.stash[_shared] = tempfile.TemporaryDirectory(prefix="spanhouse-tests-prepared-")
        os.environ[SHARED] = config.stash[_shared].name


def pytest_unconfigure(config: pytest.Config) -> None:
    if (shared := config.stash.get(_shared, None)) is not None:
        del os.environ[SHARED]
        shared.cleanup()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {file: place for place, file in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(group_of(item.nodeid), len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole groups of files, in the order they are collected in."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # it would put files of few tests last, and those take longest
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler
