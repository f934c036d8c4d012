"""The media of a span's content, by number: what the API serves by reference.

Owns which parts are media with bytes in them, in the order of messages, and which types may be shown by a browser.
Leaves making those parts to `media`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

# Types that a browser shows or plays without running anything in them; all others are downloads. No SVG, no HTML.
SHOWN_TYPES: Final = frozenset(
    {
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"),
        *("audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3", "audio/ogg", "audio/webm", "audio/flac", "audio/aac"),
        *("audio/mp4", "video/mp4", "video/webm", "video/ogg"),
    }
)
UNKNOWN_TYPE: Final = "application/octet-stream"
_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,64}")
# The first bytes of the types that are often sent without one.
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "audio/wav"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)


@dataclass(frozen=True)
class Media:
    """Bytes of a span's content and their type."""

    mime_type: str
    data: bytes

    @property
    def is_shown(self) -> bool:
        """Whether a browser may show it."""
        return self.mime_type in SHOWN_TYPES


def blobs_of(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts with bytes of a span's content in JSON, inputs before outputs; they may be changed in place."""
    messages = content.get("messages") or {}
    for side in ("input", "output"):
        for message in messages.get(side) or ():
            yield from _blobs(message)


def _blobs(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") == "blob" and isinstance(value.get("content"), str):
            yield value
            return
        for item in value.values():
            yield from _blobs(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _blobs(item)


def media_of(part: Mapping[str, Any]) -> Media | None:
    """The bytes of a part; None where its text is no base64."""
    text = re.sub(r"\s+", "", str(part.get("content", ""))).replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Media(_type_of(part, data), data)


def _type_of(part: Mapping[str, Any], data: bytes) -> str:
    told = str(part.get("mime_type") or "").lower().split(";")[0].strip()
    if _TYPE.fullmatch(told):
        return told
    return next((mime_type for magic, mime_type in _MAGIC if data.startswith(magic)), UNKNOWN_TYPE)


def refer(content: Mapping[str, Any], address: str) -> None:
    """Put, in place of the bytes of each part, where they are: `address` and a number; and how many there are."""
    for number, part in enumerate(blobs_of(content)):
        text = str(part.pop("content"))
        part["media_url"] = f"{address}/{number}"
        part["size_bytes"] = len(text) * 3 // 4 - text[-2:].count("=")
