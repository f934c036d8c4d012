"""Who may ask over HTTP: names of this collector, and pages of its own.

Owns the Host allow-list, against DNS rebinding, and that no page of another site makes a browser run or change
anything here. A browser tells whose page asks by `Origin` or `Sec-Fetch-Site`; programs send neither. Leaves keys to
the API and connections to `http_listener`.

Source: RFC 9112 section 3.2; Fetch Metadata Request Headers (W3C).
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from spanhouse_collector.config import is_loopback
from spanhouse_collector.errors import ForeignPage, MalformedRequest, MisdirectedRequest, RequestError
from spanhouse_collector.receiver.http_body import Body, Receive
from spanhouse_collector.receiver.http_reply import Headers, Send, headers_of, refuse, reply_type_of

TARGET_AUTHORITY: Final = "spanhouse.target_authority"  # of a target in absolute form, in the ASGI scope
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/@\s]*)(?::([0-9]{0,5}))?", re.ASCII)
_PORT_MAX: Final = 65535
_SAFE: Final = frozenset({"GET", "HEAD"})
# Below these, a GET runs a query too. A description may be read by everybody.
_RUNS: Final = ("/api/", "/clickhouse")
_READ_ONLY: Final = ("/api/openapi.json",)
_OWN_SITES: Final = frozenset({"", "same-origin", "none"})  # `none`: a person typed the address


def authority_of(target: bytes) -> str:
    """The host and port that a request target in absolute form names; '' for every other form."""
    if target.startswith(b"/") or b"://" not in target:
        return ""
    return target.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0].decode("latin-1")


def name_of(authority: str) -> str | None:
    """The host's name in lower case, without its port and without the root's dot; None where it cannot be one."""
    match = _HOST.fullmatch(authority)
    if match is None or int(match[2] or 0) > _PORT_MAX:
        return None
    return match[1].lower().removesuffix(".")


class HttpGuard:
    """Refuses before anything else looks at a request."""

    def __init__(
        self,
        app: Any,
        *,
        host: str,
        allowed_hosts: tuple[str, ...],
        origins: tuple[str, ...] = (),
        writing_origins: tuple[str, ...] = (),
        writing_paths: tuple[str, ...] = (),
    ) -> None:
        """`origins` are the collector's own besides the host asked; `writing_origins` may post to `writing_paths`."""
        self._app = app
        # Reachable from elsewhere, the names under which others reach it cannot be known.
        self._any = "*" in allowed_hosts or (not allowed_hosts and not is_loopback(host))
        self._names = frozenset(
            {"localhost", "127.0.0.1", "[::1]", host.lower(), *(name.lower() for name in allowed_hosts)}
        )
        self._origins = frozenset(origins)
        self._writing_origins = frozenset(writing_origins)
        self._writing_paths = writing_paths

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            headers = headers_of(scope)
            error = self._host_fault(scope) or self._page_fault(scope, headers)
            if error is not None:
                await refuse(send, error, reply_type_of(headers), Body(headers, receive))
                return
        await self._app(scope, receive, send)

    def _host_fault(self, scope: dict[str, Any]) -> RequestError | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
            return MalformedRequest(f"the request has {len(hosts)} Host headers", hint="HTTP/1.1 wants one")
        named = {"Host header": hosts[0] if hosts else ""}
        if target := scope.get(TARGET_AUTHORITY, ""):
            named["target of the request"] = target
        for place, authority in named.items():
            name = name_of(authority)
            if name is None or not (self._any or name in self._names):
                return MisdirectedRequest(f"the {place} names {authority[:80]!r}", hint="allow it with --allowed-hosts")
        return None

    def _page_fault(self, scope: dict[str, Any], headers: Headers) -> RequestError | None:
        """Whether a page of another site asks for something to be run or changed."""
        path: str = scope["path"]
        runs = scope["method"] not in _SAFE or path.startswith(_RUNS)
        if not runs or path in _READ_ONLY:
            return None
        origin, site = headers.get("origin", ""), headers.get("sec-fetch-site", "").strip().lower()
        if origin and origin in self._writing_origins and path.startswith(self._writing_paths):
            return None
        if scope["method"] == "OPTIONS" and not path.startswith(_RUNS):
            return None  # a preflight changes nothing, and is told no by what it does not get
        # No page can write Sec-Fetch-Site; browsers without it tell an origin with whatever may change something.
        is_own = site in _OWN_SITES if site or not origin else _same_host(origin, headers.get("host", ""))
        if is_own or origin in self._origins:
            return None
        return ForeignPage(
            f"a page of another site ({origin[:80]}) asks for {path[:80]!r}",
            hint="pages of other sites may not run or change anything here; --public-url says under which name this is",
        )


def _same_host(origin: str, host: str) -> bool:
    """Whether an origin is the address that was asked; the scheme is the proxy's before us."""
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
