"""One request to the collector's JSON API.

Owns: the address, the key, the time limit, and turning answers into values or errors. Only the standard library: the
shim stays light.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson

from spanhouse._version import __version__
from spanhouse.errors import CollectorUnreachable, RequestRefused

TIMEOUT_S: Final = 30.0
ANSWER_BYTES_MAX: Final = 1 << 30
PAGE_ITEMS: Final = 100


class HttpApi:
    """The API at one address, for one project and with one key."""

    def __init__(self, url: str, project: str | None, api_key: str | None, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self.project = project
        self._api_key = api_key
        self._timeout_s = timeout_s

    def get(self, path: str, **parameters: Any) -> Any:
        """GET; parameters that are None are left out."""
        given = {key: _text(value) for key, value in parameters.items() if value is not None}
        return self.request("GET", path + (f"?{urlencode(given)}" if given else ""))

    def pages(self, path: str, member: str, limit: int, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """The items under *member* of one page after the other, until there are *limit* of them or no more."""
        token, left = None, limit
        while left > 0:
            page = self.get(path, **parameters, limit=min(left, PAGE_ITEMS), page_token=token)
            items = page.get(member) or []
            left -= len(items)
            yield from items
            token = page.get("next_page_token")
            if not token or not items:
                return

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request with a JSON body; the answer's JSON, None for an empty one.

        Raises:
            CollectorUnreachable: no answer, or none in time.
            RequestRefused: the answer is an error.

        """
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=self._timeout_s)
        payload = None if body is None else orjson.dumps(body, str)
        try:
            connection.request(method, parts.path + path, payload, self._headers())
            answer = connection.getresponse()
            data = answer.read(ANSWER_BYTES_MAX)
            status = answer.status
        except (OSError, http.client.HTTPException) as error:
            raise CollectorUnreachable(f"no answer from {self.url} to {method} {path}: {error}") from error
        finally:
            connection.close()
        return _decoded(status, data, f"{method} {self.url}{path}")

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json", "content-type": "application/json",
                   "user-agent": f"spanhouse-shim/{__version__}"}  # fmt: skip
        if self.project:
            headers["x-spanhouse-project"] = self.project
        if self._api_key:
            headers["authorization"] = f"Bearer {self._api_key}"
        return headers


def segment(text: str) -> str:
    """*text* as one segment of a path."""
    return quote(text, safe="")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _decoded(status: int, data: bytes, what: str) -> Any:
    try:
        answer = orjson.loads(data) if data.strip() else None
    except orjson.JSONDecodeError:
        answer = {"error": {"code": "NOT_JSON", "message": data[:200].decode("utf-8", "replace")}}
        status = status if status >= 400 else 502
    if status < 400:
        return answer
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or f"{what} failed")
    raise RequestRefused(status, str(error.get("code") or "UNKNOWN"), message, str(error.get("hint") or ""))


def hex_id(trace_id: str) -> str:
    """The 32 hex digits of an id, without MLflow's `tr-`."""
    return trace_id.removeprefix("tr-")


def of_trace(trace_id: str, what: str) -> str:
    """The path of something that a trace has."""
    return f"/api/v1/traces/{segment(hex_id(trace_id))}/{what}"
