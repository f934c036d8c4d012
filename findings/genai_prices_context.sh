#!/usr/bin/env bash
# genai-prices 0.2.3: a price context that it does not know, or knows in another case, is priced as standard, silently.
#
# Seen: `calc_price(..., price_context={"service_tier": "flex"})` halves the price of gpt-5-mini. "Flex", a tier of another
# name and a key that does not exist give the standard price: no error, no warning, nothing in the result that tells.
# Guess from memory: an unknown variant raises, as an unknown model does.
# Consequence: look a tier up in the package's own list of variants before it is used.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check genai-prices==0.2.3
"$folder/venv/bin/python" -W error - <<'PY'
from genai_prices import Usage, calc_price

usage = Usage(input_tokens=1000, output_tokens=500)


def price(context):
    return str(calc_price(usage, "gpt-5-mini", provider_id="openai", price_context=context).total_price)


seen = {
    "no context": price(None),
    "service_tier flex": price({"service_tier": "flex"}),
    "service_tier Flex": price({"service_tier": "Flex"}),
    "service_tier other": price({"service_tier": "other"}),
    "tier flex": price({"tier": "flex"}),
}
for name, dollars in seen.items():
    print(f"{name:20} {dollars}")
assert seen["service_tier flex"] == "0.000625", seen
assert {seen[name] for name in seen if name != "service_tier flex"} == {"0.00125"}, seen
print("as found: an unknown price context is priced as standard, silently")
PY
