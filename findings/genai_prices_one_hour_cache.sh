#!/usr/bin/env bash
# genai-prices 0.2.3: one-hour cache writes are a share of all cache writes, and cannot be given alone.
#
# Seen: `cache_write_1h_tokens` without `cache_write_tokens` raises ValueError, although Anthropic's usage and several
# instrumentors report the two durations as two numbers side by side. Given both, the hour's tokens are counted inside the total:
# 500 writes of which 200 last an hour cost 0.003825, not the price of 700 tokens.
# Guess from memory: two counters side by side, each priced by itself.
# Consequence: add the two durations up before a price is asked for.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check genai-prices==0.2.3
"$folder/venv/bin/python" - <<'PY'
from genai_prices import Usage, calc_price


def price(**counts):
    usage = Usage(input_tokens=1000, output_tokens=0, **counts)
    return str(calc_price(usage, "claude-sonnet-4-5", provider_id="anthropic").total_price)


five_minutes = price(cache_write_tokens=500)
with_an_hour = price(cache_write_tokens=500, cache_write_1h_tokens=200)
try:
    alone = price(cache_write_1h_tokens=500)
except ValueError as error:
    alone = f"ValueError: {error}"
print("500 writes, all of five minutes:", five_minutes)
print("500 writes, 200 of an hour:     ", with_an_hour)
print("the hour's writes alone:        ", alone)
assert (five_minutes, with_an_hour) == ("0.003375", "0.003825")
assert alone.startswith("ValueError"), alone
print("as found: one-hour cache writes are a share of cache_write_tokens and need it")
PY
