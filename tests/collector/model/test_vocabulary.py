"""The vocabulary is whole: its order, its files, its decoders, and the version of what it maps."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

import pytest

from spanhouse_collector.model import dialects
from spanhouse_collector.model.content import scalars, sides
from spanhouse_collector.model.dialect import BOTH, READ, WRITE, Dialect
from spanhouse_collector.model.dialects import DIALECTS, RANKS
from spanhouse_collector.model.span_sql import columns, search_text
from spanhouse_collector.model.span_sql.columns import MAPPING_VERSION
from spanhouse_collector.model.span_sql.tables import keys, texts
from spanhouse_collector.model.targets import SPAN_TYPE, TARGETS, WRITTEN, Target
from spanhouse_collector.model.vocabulary import SHOWN_SOURCES, SPAN_TYPES_OF, written

MAPPING: Final = Path(__file__).with_name("mapping_version.txt")
# Decoders of the places that `content` reads structures at, beside those of `sides` and `scalars`.
STRUCTURES: Final = {
    "database_events",
    "embedded",
    "embedded_messages",
    "documents",
    "instructions",
    "keys",
    "mapping",
    "object",
    "openinference_documents",
    "openinference_embeddings",
    "openinference_tools",
    "openinference_vectors",
    "openllmetry_functions",
    "structure",
    "tools",
    "vectors",
    "vercel_ranking",
}


def mapping_checksum() -> str:
    """Of everything that decides what a stored span is mapped to."""
    mapping = {
        "keys": sorted(keys().items()),
        "texts": sorted(texts().items()),
        "stages": columns.stages(),
        "columns": columns.columns(),
        "cost": columns.reported_cost(),
        "logs": search_text.log_columns(),
    }
    return hashlib.sha256(json.dumps(mapping, sort_keys=True).encode()).hexdigest()


def test_a_changed_mapping_has_a_new_version() -> None:
    """Raise MAPPING_VERSION when stored spans would be mapped differently, and write both to the file."""
    assert MAPPING.read_text("utf-8").split() == [str(MAPPING_VERSION), mapping_checksum()]


def test_a_dialects_file_has_its_name() -> None:
    files = {path.stem for path in Path(dialects.__file__).parent.glob("*.py")} - {"__init__"}
    assert {name.replace("-", "_") for name in DIALECTS} == files


def test_ranks_name_dialects_that_there_are() -> None:
    assert set(RANKS) <= set(DIALECTS)
    assert len(set(RANKS)) == len(RANKS)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_what_a_dialect_says_is_of_targets_that_there_are(dialect: Dialect) -> None:
    assert {key.target for key in dialect.keys} <= set(TARGETS)
    assert dialect.source
    assert not [prefix for prefix in dialect.key_prefixes if "." in prefix]


@pytest.mark.parametrize("target", [target for target in WRITTEN if target is not SPAN_TYPE], ids=lambda t: str(t.name))
def test_a_written_key_of_a_target_is_one_dialects(target: Target) -> None:
    """A type's key may be read by two tables of words, the second for what the first does not know."""
    found = [source.key for source in written(target)]
    assert len(set(found)) == len(found)


def test_a_key_is_not_said_for_writing_and_reading_apart() -> None:
    for dialect in DIALECTS.values():
        by_use = {
            use: {(key.target, key.key) for key in dialect.keys if key.use == use and TARGETS[key.target].use == BOTH}
            for use in (WRITE, READ)
        }
        assert by_use[WRITE] & by_use[READ] == set(), dialect.name


def test_every_decoder_is_one() -> None:
    shown = {source.decoder for sources in SHOWN_SOURCES.values() for source in sources}
    assert shown <= {*scalars.DECODERS, *sides.DECODERS, *STRUCTURES}
    assert {source.decoder for source in written(SPAN_TYPE)} <= set(SPAN_TYPES_OF)
