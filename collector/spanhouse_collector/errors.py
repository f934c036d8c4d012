"""The collector's error tree: what may go wrong, and what a client is told.

Owns one decision per class: may the same request be sent again (`retryable`), which gRPC code and
which HTTP status it becomes. Leaves the wording of replies to `otlp.response` and the transports.

    SpanhouseError
    ├── RequestError            the sender's fault: the same bytes fail for ever
    │   ├── MalformedRequest        not OTLP, or not what its media type says
    │   ├── InvalidItems            OTLP, but not one item of it may be stored
    │   ├── UnsupportedMediaType    neither protobuf nor JSON, or an unknown encoding
    │   ├── MethodNotAllowed        not a POST
    │   ├── UnknownRoute            no such path
    │   ├── RequestTooLarge         over the size limit, before or after inflating
    │   ├── RequestTimeout          the body came too slowly
    │   ├── MisdirectedRequest      a Host header this collector does not answer to
    │   ├── ForeignPage             a page of another site makes a browser ask
    │   ├── NotFound                a well-formed name of something that is not here
    │   ├── Unauthenticated         no API key, or one that is not good (any more)
    │   ├── PermissionDenied        a good key that may not do this
    │   ├── KeyConflict             a change of keys after which nobody could change them
    │   ├── FilterInvalid           a filter that cannot be read; says at which character
    │   ├── QueryTooLong            an answer that would be wrong if it were cut, and took too long
    │   └── SqlError                SQL of a person, with ClickHouse's error number
    │       ├── SqlRefused              it may not run: not one SELECT, a table or function outside the lists
    │       ├── SqlFailed               the engine could not run it: syntax, unknown column, wrong types
    │       └── SqlLimitExceeded        it ran into a limit: time, memory, rows or bytes
    ├── Overloaded              no room now: send again after `retry_after_s`
    │   ├── WalUnavailable          the write-ahead log cannot take more (full, disk fault)
    │   ├── TooManyQueries          as many queries as allowed are running
    │   └── NotStoredYet            a consistent read that waited as long as it may
    ├── StorageError            the database said no
    │   ├── StorageUnavailable      … for now: network, memory, too many parts
    │   ├── StorageRefused          … until an operator acts: password, schema, old version
    │   └── RecordRefused           … because of the data itself: the poison record
    ├── StartupError            the process cannot start; each line of `problems` says why
    └── DataDirectoryBusy       another process owns the data directory

Source: OTLP specification, "Failures" (retryable codes) and "OTLP/HTTP Response".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

# google.rpc.Code, the numbers that OTLP names.
INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
NOT_FOUND: Final = 5
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
UNAUTHENTICATED: Final = 16

# Clients give a whole export ten seconds, retries included, and drop a batch whose delay would not fit.
RETRY_AFTER_S: Final = 2


class SpanhouseError(Exception):
    """Anything that Spanhouse itself raises. Unmapped subclasses do not exist: each has its code and status."""

    retryable: ClassVar[bool] = False
    grpc_code: ClassVar[int] = INTERNAL
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class RequestError(SpanhouseError):
    """The sender's fault: sending the same bytes again cannot help."""

    grpc_code: ClassVar[int] = INVALID_ARGUMENT
    http_status: ClassVar[int] = 400


class MalformedRequest(RequestError):
    """The body is not what its media type says."""


class InvalidItems(RequestError):
    """Well-formed OTLP of which no item may be stored."""


class UnsupportedMediaType(RequestError):
    """A content type or content encoding that is not supported."""

    http_status: ClassVar[int] = 415

    def __init__(self, message: str, *, hint: str = "", accept_encoding: str = "") -> None:
        super().__init__(message, hint=hint)
        self.accept_encoding = accept_encoding


class MethodNotAllowed(RequestError):
    """An OTLP path asked with a method other than POST."""

    grpc_code: ClassVar[int] = UNIMPLEMENTED
    http_status: ClassVar[int] = 405


class UnknownRoute(RequestError):
    """A path that nothing answers."""

    grpc_code: ClassVar[int] = UNIMPLEMENTED
    http_status: ClassVar[int] = 404


class RequestTooLarge(RequestError):
    """Over a limit of size or number; RESOURCE_EXHAUSTED without RetryInfo, which OTLP defines as permanent.

    `limit` is which one, as `/metrics` counts it.
    """

    grpc_code: ClassVar[int] = RESOURCE_EXHAUSTED
    http_status: ClassVar[int] = 413

    def __init__(self, message: str, *, hint: str = "", limit: str = "bytes") -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class RequestTimeout(RequestError):
    """The body did not arrive in time."""

    grpc_code: ClassVar[int] = DEADLINE_EXCEEDED
    http_status: ClassVar[int] = 408


class MisdirectedRequest(RequestError):
    """A Host header outside the allow-list: a web page that rebinds DNS looks like this."""

    grpc_code: ClassVar[int] = PERMISSION_DENIED
    http_status: ClassVar[int] = 421


class ForeignPage(RequestError):
    """A request that a browser sends for a page of another site."""

    grpc_code: ClassVar[int] = PERMISSION_DENIED
    http_status: ClassVar[int] = 403


class NotFound(RequestError):
    """A well-formed name of something that is not here: a trace, a session, a project."""

    grpc_code: ClassVar[int] = NOT_FOUND
    http_status: ClassVar[int] = 404


class Unauthenticated(RequestError):
    """A request without an API key where keys exist, or with one that is unknown, expired or revoked."""

    grpc_code: ClassVar[int] = UNAUTHENTICATED
    http_status: ClassVar[int] = 401


class PermissionDenied(RequestError):
    """A good API key, and something that it may not do or a project that is not its own."""

    grpc_code: ClassVar[int] = PERMISSION_DENIED
    http_status: ClassVar[int] = 403


class KeyConflict(RequestError):
    """A change of keys that does not fit those that exist."""

    http_status: ClassVar[int] = 409


class FilterInvalid(RequestError):
    """A filter that cannot be read. `position` counts characters from 0; `excerpt` shows it, a caret below."""

    def __init__(self, message: str, *, hint: str = "", position: int = 0, excerpt: str = "") -> None:
        super().__init__(f"{message}, at character {position + 1}", hint=hint)
        self.position = position
        self.excerpt = excerpt


class QueryTooLong(RequestError):
    """A question whose whole answer takes longer than it may."""

    http_status: ClassVar[int] = 422


class SqlError(RequestError):
    """SQL of a person; `code` is ClickHouse's number for it."""

    def __init__(self, message: str, *, hint: str = "", code: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.position: int | None = None  # of the character that is wrong, from 0, where that is known
        self.excerpt = ""  # its line and a caret below it


class SqlRefused(SqlError):
    """A statement that may not run here, whatever the data."""


class SqlFailed(SqlError):
    """A statement that may run, and that the engine cannot: its words."""


class SqlLimitExceeded(SqlError):
    """A statement that ran into one of its limits, which the message names."""

    http_status: ClassVar[int] = 422


class Overloaded(SpanhouseError):
    """No room at the moment; the sender keeps its data and tries again."""

    retryable: ClassVar[bool] = True
    grpc_code: ClassVar[int] = UNAVAILABLE
    http_status: ClassVar[int] = 503

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class WalUnavailable(Overloaded):
    """The write-ahead log cannot make this request durable now."""


class TooManyQueries(Overloaded):
    """As many queries are running as are allowed at once."""

    http_status: ClassVar[int] = 429


class NotStoredYet(Overloaded):
    """What was acknowledged before a consistent read is not in the database within its time."""


class StorageError(SpanhouseError):
    """The database refused a statement; `code` is ClickHouse's error number, 0 when it has none."""

    def __init__(self, message: str, *, hint: str = "", code: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class StorageUnavailable(StorageError):
    """The same statement may succeed later without anybody's help."""

    retryable: ClassVar[bool] = True
    grpc_code: ClassVar[int] = UNAVAILABLE
    http_status: ClassVar[int] = 503


class StorageRefused(StorageError):
    """The statement fails until an operator changes something. The loader goes on trying, the operator is told."""

    retryable: ClassVar[bool] = True
    grpc_code: ClassVar[int] = UNAVAILABLE
    http_status: ClassVar[int] = 503


class RecordRefused(StorageError):
    """The database cannot take these very bytes: the loader isolates the record and puts it into quarantine."""


class StartupError(SpanhouseError):
    """The process cannot start. All problems are found before the first is told."""

    def __init__(self, problems: Sequence[str], *, hint: str = "") -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = tuple(problems)


class DataDirectoryBusy(SpanhouseError):
    """Another process owns the data directory."""


def code_of(error: BaseException | None) -> str:
    """The name of an error in the API and in metrics: `NotFound` is `not_found`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(error).__name__).lower()
