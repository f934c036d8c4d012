"""What an API key may do on the HTTP port beside OTLP, decided before a route sees the request.

Owns the table of routes: the scope that each needs, and how a key of one project is held to it. A route that is not in
the table is for an admin of all projects only, so one that is forgotten is closed and not open. Leaves whether a key is
good to `identity`, OTLP to `receiver`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from spanhouse_collector.api.reply import error_reply
from spanhouse_collector.errors import PermissionDenied, SpanhouseError, Unauthenticated, code_of
from spanhouse_collector.identity.credentials import key_in_headers
from spanhouse_collector.identity.key_file import KeyFile, bound_project
from spanhouse_collector.identity.keys import ADMIN, INGEST, READ, ApiKey

STATE: Final = "api_key"
PROJECT_PARAMETER: Final = "project"
CLICKHOUSE_PREFIX: Final = "/clickhouse"
GUARDED_PREFIXES: Final = ("/api/", CLICKHOUSE_PREFIX, "/metrics")  # what else there is holds no data: pages, probes
_CLICKHOUSE_CODES: Final = {Unauthenticated: (516, "AUTHENTICATION_FAILED"), PermissionDenied: (497, "ACCESS_DENIED")}

# How a key of one project is held to it.
BY_QUERY: Final = "query"  # the parameter `project` is set to the key's
BY_HANDLER: Final = "handler"  # the route asks `KeyAccess`
NOT_BOUND: Final = "none"  # the answer tells nothing of any project
ALL_ONLY: Final = "all"  # only keys of all projects


@dataclass(frozen=True)
class RouteRule:
    """Who may use a route. A segment `{}` of the path is anything; any of the scopes is enough."""

    methods: str
    path: str
    scopes: tuple[str, ...]
    binding: str


RULES: Final = (
    RouteRule("GET", "/api/openapi.json", (READ, INGEST), NOT_BOUND),
    RouteRule("GET", "/api/v1/whoami", (READ, INGEST), NOT_BOUND),
    RouteRule("GET", "/api/v1/ui", (READ, INGEST), NOT_BOUND),
    RouteRule("GET", "/api/v1/vocabulary", (READ,), NOT_BOUND),
    RouteRule("GET", "/api/v1/traces", (READ,), BY_QUERY),
    RouteRule("DELETE", "/api/v1/traces", (ADMIN,), BY_HANDLER),
    RouteRule("GET", "/api/v1/traces/{}", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/traces/{}/spans/{}", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/spans", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/logs", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/metrics", (READ,), BY_QUERY),
    RouteRule("POST", "/api/v1/aggregate", (READ,), BY_HANDLER),
    RouteRule("POST", "/api/v1/facets", (READ,), BY_HANDLER),
    RouteRule("GET", "/api/v1/sessions", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/users", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/attributes", (READ,), BY_QUERY),
    RouteRule("GET", "/api/v1/projects", (READ,), BY_QUERY),
    # An application that is traced also tells what its users think of the answers.
    RouteRule("GET", "/api/v1/traces/{}/assessments", (READ,), BY_HANDLER),
    RouteRule("POST", "/api/v1/traces/{}/assessments", (INGEST,), BY_HANDLER),
    RouteRule("PATCH DELETE", "/api/v1/traces/{}/assessments/{}", (INGEST,), BY_HANDLER),
    RouteRule("GET", "/api/v1/traces/{}/assessments/{}/history", (READ,), BY_HANDLER),
    RouteRule("GET", "/api/v1/traces/{}/tags", (READ,), BY_HANDLER),
    RouteRule("PATCH", "/api/v1/traces/{}/tags", (INGEST,), BY_HANDLER),
    RouteRule("POST", "/api/v1/sql", (READ,), BY_HANDLER),
    RouteRule("GET POST", "/clickhouse", (READ,), BY_HANDLER),
    RouteRule("GET POST", "/clickhouse/", (READ,), BY_HANDLER),
    RouteRule("GET", "/clickhouse/ping", (READ, INGEST), NOT_BOUND),
    RouteRule("GET", "/api/v1/prices", (READ,), ALL_ONLY),
    RouteRule("GET", "/api/v1/prices/unknown", (READ,), BY_QUERY),
    RouteRule("GET", "/metrics", (READ,), ALL_ONLY),
)
OPERATOR: Final = RouteRule("", "", (ADMIN,), ALL_ONLY)


class KeyAccess:
    """Whose rows a request may read or write, by the key that the guard has seen."""

    def project_of(self, request: Request) -> str:
        """The only project that the request's key is for; '' for all."""
        return bound_project(request.scope.get("state", {}).get(STATE))


class KeyGuard:
    """ASGI middleware: no request passes without a key that may do what it asks for, once a key exists."""

    def __init__(self, app: Any, keys: KeyFile) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        """The ASGI interface."""
        if scope["type"] == "http" and is_guarded(scope["path"]):
            try:
                self._admit(scope)
            except SpanhouseError as error:
                await _refusal(scope["path"], error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: dict[str, Any]) -> None:
        rule = rule_of(scope["method"], scope["path"])
        key = self._key(scope, rule)
        scope.setdefault("state", {})[STATE] = key
        project = bound_project(key)
        if not project:
            return
        if rule.binding == ALL_ONLY:
            raise PermissionDenied(f"this needs a key for all projects; yours is for {project!r}")
        if rule.binding == BY_QUERY:
            scope["query_string"] = _bound_query(scope["query_string"], project)

    def _key(self, scope: dict[str, Any], rule: RouteRule) -> ApiKey | None:
        text = _key_text(scope)
        for scope_name in rule.scopes[:-1]:
            try:
                return self._keys.authenticate(text, scope_name)
            except PermissionDenied:
                continue
        return self._keys.authenticate(text, rule.scopes[-1])


def is_guarded(path: str) -> bool:
    """Whether a path may hold data; pages and probes do not."""
    return path.startswith(GUARDED_PREFIXES)


def rule_of(method: str, path: str) -> RouteRule:
    """The rule of a request; OPERATOR where the table has none."""
    method = "GET" if method == "HEAD" else method
    return next((rule for rule, pattern in _PATTERNS if method in rule.methods and pattern.fullmatch(path)), OPERATOR)


_PATTERNS: Final = tuple(
    (rule, re.compile("[^/]+".join(re.escape(part) for part in rule.path.split("{}")))) for rule in RULES
)


def _key_text(scope: dict[str, Any]) -> str | None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    text = key_in_headers(headers)
    if text is None and scope["path"].startswith(CLICKHOUSE_PREFIX):
        text = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("password")
    return text


def _bound_query(query: bytes, project: str) -> bytes:
    """The query with the key's project in it.

    Raises:
        PermissionDenied: it names another one.

    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for name, value in pairs:
        if name == PROJECT_PARAMETER:
            check_project(project, value)
    others = [(name, value) for name, value in pairs if name != PROJECT_PARAMETER]
    return urlencode([*others, (PROJECT_PARAMETER, project)]).encode()


def check_project(bound: str, named: str) -> None:
    """Nothing when a request that names `named` may be made with a key for `bound`; '' is no name and no bound.

    Raises:
        PermissionDenied: it names another project.

    """
    if bound and named and named != bound:
        raise PermissionDenied(f"your key is for project {bound!r}, not {named[:140]!r}")


def _refusal(path: str, error: SpanhouseError) -> Response:
    headers = {"www-authenticate": 'Bearer realm="spanhouse"'} if isinstance(error, Unauthenticated) else {}
    if not path.startswith(CLICKHOUSE_PREFIX):
        return error_reply(code_of(error), error.message, error.http_status, hint=error.hint, headers=headers)
    code, name = _CLICKHOUSE_CODES[type(error)]  # type: ignore[index]  # `identity` raises these two
    text = f"Code: {code}. DB::Exception: {error}. ({name})\n"
    return PlainTextResponse(text, error.http_status, {**headers, "x-clickhouse-exception-code": str(code)})
