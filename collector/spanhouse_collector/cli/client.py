"""The JSON API as commands use it.

Owns asking a running collector, with the key from SPANHOUSE_API_KEY, and leaving with what it said when it refuses:
exit code 1 and its hint. Owns the options that name it and the forms that commands share. Leaves what is shown to the
commands.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, TypeVar

import click

from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail

DEFAULT_URL: Final = "http://127.0.0.1:4318"
TIMEOUT_S: Final = 120
PAGE_MAX: Final = 1000
_ANSWER_BYTES_MAX: Final = 1 << 30
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
Command = TypeVar("Command", bound=Callable[..., None])


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """An option that is also the environment variable SPANHOUSE_<OPTION>."""
    long = next(name for name in names if name.startswith("--"))
    env = "SPANHOUSE_" + long.removeprefix("--").replace("-", "_").upper()
    settings["help"] = f"{settings['help']} [{env}]"
    return click.option(*names, envvar=env, **settings)


def url_option(command: Command) -> Command:
    """`--url`."""
    return option("--url", default=DEFAULT_URL, show_default=True, help="The collector.")(command)


def project_option(command: Command) -> Command:
    """`--project`."""
    return option("--project", default="", metavar="P", help="Only this project.")(command)


def since_option(command: Command) -> Command:
    """`--since`."""
    text = "From when: a duration before now (30m, 1h, 7d), a time in ISO 8601, or nanoseconds."
    return option("--since", default="", metavar="TIME", help=text)(command)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")


def moment(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """An option's callback: `7d` or an ISO 8601 time as the latter; '' stays."""
    if not value:
        return ""
    if match := re.fullmatch(r"(\d{1,9})([smhdw])", value):
        ago = timedelta(seconds=min(int(match[1]) * _UNITS_S[match[2]], 50 * 365 * 86_400))
        return (datetime.now(UTC) - ago).isoformat()
    try:
        given = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is neither an age such as 7d nor a time such as 2026-11-01") from error
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).isoformat()


def seconds_of(text: str) -> float:
    """The seconds of a duration such as 12h or 90d; leaves when it is none."""
    match = re.fullmatch(r"(\d{1,9})([smhdw])", text.strip())
    if match is None:
        fail(WRONG_USAGE, f"{text!r} is not a duration such as 12h or 90d")
    return float(int(match[1]) * _UNITS_S[match[2]])


def _checked(url: str) -> str:
    """The address of a collector, or leaves; `localhost:4318` reads as an address of the scheme localhost."""
    scheme, sign, _ = url.partition("://")
    if not sign:
        fail(WRONG_USAGE, f"{url} is no address of a collector", f"http:// is missing: --url http://{url}")
    if scheme.lower() not in ("http", "https"):
        fail(WRONG_USAGE, f"{url} is no address of a collector", f"it is http:// or https://, not {scheme}://")
    return url


class Client:
    """Asks one collector."""

    def __init__(self, url: str, environ: Mapping[str, str] = os.environ, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = _checked(url).rstrip("/")
        self._key = environ.get("SPANHOUSE_API_KEY", "")
        self._timeout_s = timeout_s

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a GET; empty parameters are left out."""
        given = {name: value for name, value in parameters.items() if value not in ("", None, False)}
        query = urllib.parse.urlencode(given, doseq=True)
        return self._json(f"{path}?{query}" if query else path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a POST."""
        return self._json(path, body)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to any method; what the collector calls invalid was wrong usage, exit code 2."""
        return self._json(path, body, method=method, invalid=WRONG_USAGE)

    def pages(self, path: str, field: str, limit: int | None, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Page after page, up to `limit` entries of `field` in all."""
        token = None
        left = limit
        while left is None or left > 0:
            page_size = PAGE_MAX if left is None else min(left, PAGE_MAX)
            page = self.get(path, limit=page_size, page_token=token, **parameters)
            yield page
            token = page["next_page_token"]
            if token is None:
                return
            left = None if left is None else left - len(page[field])

    def open(
        self,
        path: str,
        body: Mapping[str, Any] | None,
        accept: str,
        *,
        method: str | None = None,
        invalid: int = FAILED,
    ) -> HTTPResponse:
        """The reply as it comes; leaves when there is none, or when it is a refusal, with `invalid` for a 400."""
        headers = {"accept": accept, "content-type": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(self._url + path, data, headers, method=method)
            reply: HTTPResponse = urllib.request.urlopen(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                fail(invalid if error.code == 400 else FAILED, *self._told(error))
        except (OSError, ValueError, HTTPException) as error:
            hint = "start one with `spanhouse serve`, or name it with --url"
            why = getattr(error, "reason", None) or error
            fail(FAILED, f"no collector answers at {self._url}: {getattr(why, 'strerror', None) or why}", hint)
        return reply

    def _json(self, path: str, body: Mapping[str, Any] | None, **how: Any) -> dict[str, Any]:
        try:
            with self.open(path, body, "application/json", **how) as reply:
                answer: dict[str, Any] = json.loads(reply.read(_ANSWER_BYTES_MAX))
        except (OSError, ValueError, HTTPException) as error:
            fail(FAILED, f"the answer of {self._url} broke off: {error}")
        return answer

    def _told(self, error: urllib.error.HTTPError) -> list[str]:
        text = error.read(65536).decode(errors="replace")
        try:
            found = json.loads(text)["error"]
            lines = [found["message"], *found.get("excerpt", "").splitlines(), found.get("hint", "")]
        except (ValueError, KeyError, TypeError):
            lines = [f"{self._url} answered {error.code}: {text[:400]}"]
        if error.code in (401, 403):
            lines.append("a key is read from SPANHOUSE_API_KEY")
        return [line for line in lines if line]
