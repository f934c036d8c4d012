"""Images, audio, video and files inside messages.

Owns the many ways to say bytes, an address or a file id, and makes `blob`, `uri` or `file` parts of them.

Source: semantic-conventions-genai message schema (BlobPart, UriPart, FilePart); the SDKs named in `parts`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_redacted
from spanhouse_collector.model.content.shapes import Part

BYTES_MAX: Final = 16 * 1024 * 1024  # of an array of numbers that is one picture
_NESTED: Final = (
    "image_url",
    "image",
    "source",
    "file",
    "input_audio",
    "inline_data",
    "inlineData",
    "file_data",
    "fileData",
    "media",
    "audio",
    "video",
    "document",
    "content",
)
_MIME_TYPES: Final = ("mime_type", "media_type", "mimeType", "mediaType", "contentType", "content_type")
_URIS: Final = ("url", "uri", "image_url", "file_uri", "fileUri", "file_url", "image")
_DATA: Final = ("data", "content", "bytes", "base64", "file_data", "b64_json", "image")
_FILE_IDS: Final = ("file_id", "fileId")
_MODALITIES: Final = ("image", "audio", "video", "document")
_ADDRESSES: Final = ("http:", "https:", "gs:", "s3:", "file:", "ftp:")


def media_part(value: Mapping[str, Any]) -> list[Part]:
    """The part of a picture, a sound, a film or a file."""
    layers = list(_layers(value))
    mime_type = _first(layers, _MIME_TYPES)
    modality = _modality(value, mime_type or _first(layers, ("format",)))
    part: Part = {"type": "uri", "modality": modality}
    if mime_type:
        part["mime_type"] = mime_type
    uri = _first(layers, _URIS)
    if uri is not None and is_redacted(uri):
        return [{**part, "uri": "", "redacted": True}]
    if uri is not None and uri.startswith("data:"):
        return [_data_uri(part, uri)]
    if uri is not None and (uri.startswith(_ADDRESSES) or _first(layers, ("url", "uri", "file_uri", "fileUri"))):
        return [{**part, "uri": uri}]
    file_id = _first(layers, _FILE_IDS)
    if file_id is not None:
        return [{**part, "type": "file", "file_id": file_id}]
    data = _data(layers)
    if data is not None:
        return [_data_uri(part, data) if data.startswith("data:") else {**part, "type": "blob", "content": data}]
    return [dict(value)] if isinstance(value.get("type"), str) else [{**part, "uri": uri or ""}]


def _layers(value: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The object and the objects inside it that describe the same thing."""
    yield value
    if depth < 3:
        for key in _NESTED:
            inner = value.get(key)
            if isinstance(inner, dict):
                yield from _layers(inner, depth + 1)


def _first(layers: list[Mapping[str, Any]], keys: tuple[str, ...]) -> str | None:
    for layer in layers:
        for key in keys:
            found = layer.get(key)
            if isinstance(found, str) and found:
                return found
    return None


def _data(layers: list[Mapping[str, Any]]) -> str | None:
    found = _first(layers, _DATA)
    if found is not None:
        return found
    for layer in layers:
        for key in (*_DATA, "image"):
            numbers = layer.get(key)
            if isinstance(numbers, dict):
                numbers = list(numbers.values())
            if isinstance(numbers, list) and 0 < len(numbers) <= BYTES_MAX and _are_bytes(numbers):
                return base64.b64encode(bytes(numbers)).decode()
    return None


def _are_bytes(numbers: list[Any]) -> bool:
    return all(type(number) is int and 0 <= number <= 255 for number in numbers)


def _data_uri(part: Part, uri: str) -> Part:
    head, _, content = uri.partition(",")
    mime_type = head.removeprefix("data:").partition(";")[0]
    made = {**part, "type": "blob", "content": content}
    if mime_type:
        made["mime_type"] = mime_type
    return made


def _modality(value: Mapping[str, Any], mime_type: str | None) -> str:
    said = value.get("modality")
    if isinstance(said, str) and said:
        return said
    names = [str(value.get("type", "")), *value, mime_type or ""]
    return next((modality for modality in _MODALITIES for name in names if modality in name.lower()), "document")
