"""Bar 6 of DESIGN section 6: an aggregate and filters over 24 hours, as the API answers them.

Owns: nothing but the choice of questions.
Leaves to others: the questions (`read_questions.py`), asking them (`read_bars.py`).
"""

from __future__ import annotations

from tests.bench import read_bars
from tests.bench.read_questions import BAR_6
from tests.bench.session import BarResult, Session


def run(session: Session) -> BarResult:
    """Measure bar 6."""
    return read_bars.run(session, BAR_6)
