#!/usr/bin/env bash
# chDB 26.9.0 (ClickHouse 26.9): the tokenizer splitByNonAlpha takes every byte above 127 for a letter.
#
# Seen: `refund` is not a token of `refund—policy`, `“refund”` or `refund…`, because a dash, a curly quote and an ellipsis are three bytes
# above 127 that stick to the word; hasToken and a text index do not find it, LIKE does. Sentences of Chinese are one token,
# their full-width comma included. The tokenizer unicodeWord splits all of these (the signs become tokens of their own, Chinese one
# token a character), and keeps `foo_bar` in one token, which splitByNonAlpha splits. Answers of language models are full of such signs.
# Guess from memory: "non-alpha" means what Unicode says of a character.
# Consequence: full-text search over prompts and answers needs unicodeWord, and `_` a rule of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check chdb-core==26.9.0
"$folder/venv/bin/python" - <<'PY'
import json

import chdb


def tokens(text, tokenizer):
    quoted = text.replace("'", "\\'")
    return json.loads(str(chdb.query(f"SELECT tokens('{quoted}', '{tokenizer}') AS t", "JSONEachRow")))["t"]


for text in ("refund policy", "refund—policy", "“refund”", "refund… now", "foo_bar", "我想退款，谢谢"):
    print(f"{text:16} splitByNonAlpha {tokens(text, 'splitByNonAlpha')}  unicodeWord {tokens(text, 'unicodeWord')}")
assert tokens("refund policy", "splitByNonAlpha") == ["refund", "policy"]
assert tokens("refund—policy", "splitByNonAlpha") == ["refund—policy"]
assert tokens("refund—policy", "unicodeWord") == ["refund", "—", "policy"]
assert tokens("“refund”", "splitByNonAlpha") == ["“refund”"]
assert tokens("foo_bar", "splitByNonAlpha") == ["foo", "bar"]
assert tokens("foo_bar", "unicodeWord") == ["foo_bar"]
assert len(tokens("我想退款，谢谢", "splitByNonAlpha")) == 1
assert len(tokens("我想退款，谢谢", "unicodeWord")) > 1
print("as found: splitByNonAlpha splits at ASCII signs only")
PY
