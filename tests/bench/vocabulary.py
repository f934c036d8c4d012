"""Words and phrases of the benchmark's prompts and answers.

Owns: deterministic prose whose word frequencies follow Zipf's law, so that compression and a token
index see what they see in real traffic (neither random bytes nor one constant).
Leaves to others: spans and attributes (`spans.py`).

A rare token (`RARE_TOKENS`) stands once in about 20,000 texts: text-search measures look for it.
"""

from __future__ import annotations

import itertools
import random
from typing import Final

COMMON_TEXT: Final = """
the of to and a in is that for it you with on as are be this was by at from or have an not your
we can if will all has but our one which their about more when there so no do what up out other
how time may into new only any these some than them then its also like use my see now way could
people made over did down such most after work first well should even where much through back
years good give because order refund invoice account customer payment shipment address delivery
warehouse status policy return request support ticket agent team priority window contract
renewal billing cycle plan upgrade discount coupon balance statement charge card bank transfer
receipt currency exchange rate price quote database index query table column schema partition
cluster replica shard latency throughput memory cache storage disk network server client request
response error timeout retry queue stream batch window function module package version release
deploy rollback incident alert metric trace span log model prompt answer token context embedding
vector retrieval document passage chunk score ranking summary translation question instruction
example conversation message assistant system user tool call argument result schema json field
value string number boolean array object key list item record please find check explain describe
compare summarize translate rewrite generate validate verify update create delete confirm cancel
schedule reschedule notify escalate assign resolve close reopen monday tuesday wednesday
thursday friday january march april june july september october november europe america asia
london berlin paris tokyo madrid toronto chicago sydney amsterdam dublin vienna small large
quick slow early late recent previous current next final initial average total maximum minimum
available pending approved rejected shipped delivered delayed damaged missing partial complete
important urgent optional required recommended supported experimental stable internal external
public private secure encrypted signed verified anonymous registered premium standard basic
enterprise weather forecast temperature rain travel flight hotel booking itinerary reservation
passenger airport medical report patient symptom treatment dosage appointment clinic insurance
claim coverage deductible finance portfolio stock bond dividend yield risk volatility hedge
forecast revenue margin growth quarter legal clause liability agreement party obligation
termination notice jurisdiction compliance audit science experiment hypothesis sample
measurement variance significance control observation theory recipe flour butter sugar oven
minutes stir bake simmer garlic onion pepper tomato basil olive oil
"""

COMMON_WORDS: Final[tuple[str, ...]] = tuple(dict.fromkeys(COMMON_TEXT.split()))
RARE_TOKENS: Final[tuple[str, ...]] = tuple(f"quixotic{n:02d}" for n in range(20))
RARE_EVERY_TEXT_COUNT: Final = 1_000  # one rare token of twenty in a thousand texts

_ZIPF_EXPONENT: Final = 0.9  # English prose lies near 1; a little flatter, the list being short
_WEIGHTS_CUMULATIVE: Final[tuple[float, ...]] = tuple(
    itertools.accumulate(1.0 / (rank**_ZIPF_EXPONENT) for rank in range(1, len(COMMON_WORDS) + 1))
)


def prose(rng: random.Random, word_count: int) -> str:
    """Return *word_count* words as sentences, with a number now and then.

    About every thousandth text carries one of `RARE_TOKENS`.
    """
    words = rng.choices(COMMON_WORDS, cum_weights=_WEIGHTS_CUMULATIVE, k=word_count)
    for start in range(0, word_count, 14):
        words[start] = words[start].capitalize()
        if start:
            words[start - 1] += "."
    if word_count > 6:
        words[rng.randrange(1, 6)] = f"{rng.randrange(1_000_000):06d}"
    if rng.randrange(RARE_EVERY_TEXT_COUNT) == 0:
        words[-1] = rng.choice(RARE_TOKENS)
    return " ".join(words) + "."
