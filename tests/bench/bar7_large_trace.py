"""Bar 7 of DESIGN section 6: a trace of 50,000 spans, as the API answers them.

Owns: nothing but the choice of questions.
Leaves to others: the questions (`read_questions.py`), asking them (`read_bars.py`).
"""

from __future__ import annotations

from tests.bench import read_bars
from tests.bench.read_questions import BAR_7
from tests.bench.session import BarResult, Session


def run(session: Session) -> BarResult:
    """Measure bar 7."""
    return read_bars.run(session, BAR_7)
