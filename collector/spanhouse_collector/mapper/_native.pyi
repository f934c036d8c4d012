"""Types of the compiled mapper; what it does is told in `_native.pyx`."""

from collections.abc import Callable, Sequence
from typing import Final

from spanhouse_collector.mapper.tables import Tables

COLUMNS: Final[tuple[tuple[str, str], ...]]

class Mapped:
    chunks: list[bytes]
    rows: int
    refused: list[int]

class Mapper:
    def __init__(self, tables: Tables, rules_for: Callable[[str, str, str], Sequence[float]]) -> None: ...
    def map(self, segment: bytes) -> Mapped: ...
    def forget_prices(self) -> None: ...
