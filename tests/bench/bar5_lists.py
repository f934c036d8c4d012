"""Bar 5 of DESIGN section 6: trace by id and newest-first lists, as the API answers them.

Owns: nothing but the choice of questions.
Leaves to others: the questions (`read_questions.py`), asking them (`read_bars.py`).
"""

from __future__ import annotations

from tests.bench import read_bars
from tests.bench.read_questions import BAR_5
from tests.bench.session import BarResult, Session


def run(session: Session) -> BarResult:
    """Measure bar 5."""
    return read_bars.run(session, BAR_5)
