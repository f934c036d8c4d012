"""The web UI: its page at every address of the UI, its hashed files under `/assets/`.

Owns the headers of both (content security policy, caching, compression that was done when the UI was built) and the
page that stands there when nothing was built. The page names its files relative to its own address, so that it works
behind any path prefix of a reverse proxy without being told of it. Leaves the content to `collector/ui`, data to the
JSON API.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

ASSETS: Final = Path(__file__).resolve().parents[1] / "_ui"
# Addresses of the UI; what is not below one of them stays a 404 of the API, in JSON.
PAGES: Final = ("/", "/p/{rest:path}", "/t/{trace_id}", "/setup")
EMBED: Final = "/embed/trace/{trace_id}"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self'; media-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors {ancestors}"
)
SAFETY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
CACHE_FOREVER: Final = "public, max-age=31536000, immutable"
_ASSET_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(js|css|svg|png)")
_MEDIA_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_NOT_BUILT: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Spanhouse</title></head>
<body><h1>The web UI is not part of this installation</h1>
<p>This is a source tree, or a distribution that was built without it. In the source tree, <code>make ui</code> builds
it. The <a href="{openapi}">JSON API</a> works as ever.</p></body></html>"""


def pages_router(embed_ancestors: tuple[str, ...] = (), assets: Path = ASSETS) -> APIRouter:
    """The routes; `embed_ancestors` are the origins whose pages may frame `/embed/…`, besides this one."""
    router = APIRouter(include_in_schema=False)
    shown_by_us = _policy("'self'")
    shown_by_others = _policy(" ".join(("'self'", *embed_ancestors)))

    def page(request: Request) -> Response:
        return _page(request, assets, shown_by_us)

    def embedded(request: Request) -> Response:
        return _page(request, assets, shown_by_others)

    def asset(request: Request) -> Response:
        return _asset(request, assets, request.path_params["name"])

    for path in PAGES:
        router.add_route(path, page, methods=["GET"])
    router.add_route(EMBED, embedded, methods=["GET"])
    router.add_route("/assets/{name}", asset, methods=["GET"])
    return router


def _policy(ancestors: str) -> dict[str, str]:
    return {"content-security-policy": CONTENT_SECURITY_POLICY.format(ancestors=ancestors), **SAFETY_HEADERS}


def _page(request: Request, assets: Path, headers: dict[str, str]) -> Response:
    index = assets / "index.html"
    above = "../" * (request.scope["path"].count("/") - 1)
    if not index.is_file():
        html = _NOT_BUILT.format(openapi=escape(above + "api/openapi.json"))
        return Response(html, 200, {**headers, "cache-control": "no-store"}, "text/html; charset=utf-8")
    html = index.read_text("utf-8").replace('"./', f'"{above or "./"}')
    return Response(html, 200, {**headers, "cache-control": "no-cache"}, "text/html; charset=utf-8")


def _asset(request: Request, assets: Path, name: str) -> Response:
    matched = _ASSET_NAME.fullmatch(name)
    path = assets / "assets" / name
    if matched is None or not path.is_file():
        raise HTTPException(404)
    headers = {**SAFETY_HEADERS, "cache-control": CACHE_FOREVER, "vary": "accept-encoding"}
    accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").lower().split(",")}
    for encoding, suffix in _ENCODINGS:
        packed = path.with_name(name + suffix)
        if encoding in accepted and packed.is_file():
            headers["content-encoding"] = encoding
            path = packed
            break
    return Response(path.read_bytes(), 200, headers, _MEDIA_TYPES[matched[2]])
