"""Who answered: the provider as the span names it, canonical, or inferred from where it was asked and for what.

A framework that stands in the provider's place moves to `framework`.
"""

from __future__ import annotations

from spanhouse_collector.model.dialects.shared.providers import PROVIDER_MODELS
from spanhouse_collector.model.span_sql.entries import Stage, at, ranked
from spanhouse_collector.model.span_sql.literals import first_pair
from spanhouse_collector.model.span_sql.tables import is_in, text_of
from spanhouse_collector.model.targets import PROVIDER, SERVER_ADDRESS


def stages() -> tuple[Stage, ...]:
    """`providers`, then `provider_named`, `framework` and what to infer from, then `provider`."""
    named, _ = ranked(PROVIDER)
    address = at(SERVER_ADDRESS)
    return (
        {
            "providers": f"arrayMap(value -> {_canonical('lower(value)')}, {named})",
            "agent_services": f"arrayMap(value -> {text_of('agent service', 'lower(value)')}, {named})",
        },
        {
            "provider_named": f"arrayFirst(found -> NOT ({is_in('framework', 'found')}), providers)",
            "framework": f"arrayFirst(found -> found != '', arrayConcat(agent_services, "
            f"arrayFilter(found -> {is_in('framework', 'found')}, providers), "
            f"[{text_of('dialect framework', 'scope_dialect')}]))",
        },
        {
            # Asked in arrays of none or one: the lists are walked for spans that name no provider only.
            "host_asked": "arrayFilter(host -> host != '' AND provider_named = '', "
            f"[lower(if(position({address}, '://') > 0, "
            f"domain({address}), substringIndex({address}, ':', 1)))])",
            "model_asked": "arrayFilter(name -> name != '' AND provider_named = '', [lower(model)])",
        },
        {
            "provider": "if(provider_named != '', provider_named, arrayFirst(found -> found != '', arrayConcat("
            f"arrayMap(host -> {_of_host('host')}, host_asked), arrayMap(name -> {_of_model('name')}, model_asked))))",
        },
    )


def _canonical(lower: str) -> str:
    """Vercel writes `openai.responses`, `google.vertex.chat`: the provider is the part before the first dot."""
    head = text_of("head", f"substringIndex({lower}, '.', 1)")
    known = text_of("provider", lower)
    return (
        f"multiIf({is_in('canonical', lower)} OR {is_in('framework', lower)}, {lower}, {known} != '', {known}, "
        f"startsWith({lower}, 'google.vertex'), 'gcp.vertex_ai', startsWith({lower}, 'gcp.'), {lower}, "
        f"{head} != '', {head}, {lower})"
    )


def _of_host(host: str) -> str:
    """By the whole host, or its last three or two labels; Bedrock's hosts start with their service."""
    labels = f"splitByChar('.', {host})"
    ends = ", ".join(text_of("host", f"arrayStringConcat(arraySlice({labels}, -{count}), '.')") for count in (3, 2))
    bedrock = f"if(startsWith({host}, 'bedrock-runtime.'), 'aws.bedrock', '')"
    return f"arrayFirst(found -> found != '', [{text_of('host', host)}, {ends}, {bedrock}])"


def _of_model(name: str) -> str:
    return first_pair(f"startsWith({name}, pair.1)", PROVIDER_MODELS)
