"""Output formats that may be asked for.

Owns their names, media types, and which of them the embedded engine can hand over block by block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spanhouse_collector.errors import SqlRefused
from spanhouse_collector.query.sql.errors import UNKNOWN_FORMAT

_TSV: Final = "text/tab-separated-values; charset=UTF-8"
_CSV: Final = "text/csv; charset=UTF-8; header=absent"
_JSON: Final = "application/json; charset=UTF-8"
_LINES: Final = "application/x-ndjson; charset=UTF-8"
_TEXT: Final = "text/plain; charset=UTF-8"
_BYTES: Final = "application/octet-stream"
_ARROW: Final = "application/vnd.apache.arrow.file"
ARROW_STREAM: Final = "application/vnd.apache.arrow.stream"
PARQUET: Final = "application/vnd.apache.parquet"


@dataclass(frozen=True)
class Format:
    """An output format. `by_block`: one block after the other is the same as the whole, no head and no foot."""

    name: str
    media_type: str
    by_block: bool = False


_FORMATS: Final = (
    *(Format(name, _TSV, by_block=True) for name in ("TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "Raw")),
    *(Format(name, _TSV) for name in ("TabSeparatedWithNames", "TabSeparatedWithNamesAndTypes")),
    *(Format(name, _TSV) for name in ("TSVWithNames", "TSVWithNamesAndTypes", "TabSeparatedRawWithNames")),
    *(Format(name, _TSV) for name in ("TabSeparatedRawWithNamesAndTypes", "TSVRawWithNames")),
    Format("CSV", _CSV, by_block=True),
    Format("CSVWithNames", _CSV.replace("absent", "present")),
    Format("CSVWithNamesAndTypes", _CSV.replace("absent", "present")),
    *(Format(name, _JSON) for name in ("JSON", "JSONCompact", "JSONStrings", "JSONCompactStrings", "JSONColumns")),
    *(Format(name, _JSON) for name in ("JSONColumnsWithMetadata", "JSONCompactColumns", "JSONObjectEachRow")),
    *(Format(name, _LINES, by_block=True) for name in ("JSONEachRow", "JSONLines", "NDJSON", "JSONStringsEachRow")),
    *(Format(name, _LINES, by_block=True) for name in ("JSONCompactEachRow", "JSONCompactStringsEachRow")),
    *(Format(name, _LINES) for name in ("JSONCompactEachRowWithNames", "JSONCompactEachRowWithNamesAndTypes")),
    *(Format(name, _BYTES, by_block=True) for name in ("Native", "RowBinary")),
    *(Format(name, _BYTES) for name in ("RowBinaryWithNames", "RowBinaryWithNamesAndTypes", "MsgPack", "ORC", "Avro")),
    Format("Arrow", _ARROW),
    Format("ArrowStream", ARROW_STREAM),
    Format("Parquet", PARQUET),
    *(Format(name, _TEXT) for name in ("Pretty", "PrettyCompact", "PrettyCompactMonoBlock", "PrettySpace")),
    *(Format(name, _TEXT) for name in ("PrettyNoEscapes", "Vertical", "Markdown", "Values", "TSKV", "XML")),
    Format("Null", _TEXT),
)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({format.name.lower(): format for format in _FORMATS})


def format_named(name: str) -> Format:
    """The format of that name, in any case.

    Raises:
        SqlRefused: there is none, or it is not available here.

    """
    found = FORMATS.get(name.lower())
    if found is None:
        known = ", ".join(sorted(format.name for format in FORMATS.values()))
        raise SqlRefused(f"Unknown format {name[:60]}", hint=f"formats: {known}", code=UNKNOWN_FORMAT)
    return found
