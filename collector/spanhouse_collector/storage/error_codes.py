"""What ClickHouse's error numbers mean for an insert: wait, call an operator, or blame the data.

Owns those tables. Numbers from ClickHouse's src/Common/ErrorCodes.cpp at 26.9. A code that stands in none of them
(memory limits, bugs, codes yet to come) is retried, and when it persists, the loader looks for the record that causes
it.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import Final

from spanhouse_collector.errors import RecordRefused, StorageError, StorageRefused, StorageUnavailable
from spanhouse_collector.wal.room import NOT_ENOUGH_SPACE

# The data itself: the same bytes fail for ever.
DATA_CODES: Final = {
    6: "CANNOT_PARSE_TEXT",
    27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
    32: "ATTEMPT_TO_READ_AFTER_EOF",
    33: "CANNOT_READ_ALL_DATA",
    69: "ARGUMENT_OUT_OF_BOUND",
    117: "INCORRECT_DATA",
    128: "TOO_LARGE_ARRAY_SIZE",
    131: "TOO_LARGE_STRING_SIZE",
    190: "SIZES_OF_ARRAYS_DONT_MATCH",
    321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    395: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO",
    436: "PROTOBUF_BAD_CAST",
    444: "UNKNOWN_PROTOBUF_FORMAT",
    469: "VIOLATED_CONSTRAINT",
}
# Somebody has to change something before the same statement can succeed.
OPERATOR_CODES: Final = {
    16: "NO_SUCH_COLUMN_IN_TABLE",
    47: "UNKNOWN_IDENTIFIER",
    60: "UNKNOWN_TABLE",
    81: "UNKNOWN_DATABASE",
    115: "UNKNOWN_SETTING",
    164: "READONLY",
    192: "UNKNOWN_USER",
    193: "WRONG_PASSWORD",
    194: "REQUIRED_PASSWORD",
    195: "IP_ADDRESS_NOT_ALLOWED",
    291: "DATABASE_ACCESS_DENIED",
    452: "SETTING_CONSTRAINT_VIOLATION",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
}
# The database is overloaded, unreachable or interrupted: nothing that looking at single records could change.
OUTAGE_CODES: Final = {
    159: "TIMEOUT_EXCEEDED",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    209: "SOCKET_TIMEOUT",
    210: "NETWORK_ERROR",
    225: "NO_ZOOKEEPER",
    236: "ABORTED",
    242: "TABLE_IS_READ_ONLY",
    243: "NOT_ENOUGH_SPACE",
    252: "TOO_MANY_PARTS",
    279: "ALL_CONNECTION_TRIES_FAILED",
    285: "TOO_FEW_LIVE_REPLICAS",
    319: "UNKNOWN_STATUS_OF_INSERT",
    394: "QUERY_WAS_CANCELLED",
    439: "CANNOT_SCHEDULE_TASK",
    745: "SERVER_OVERLOADED",
    999: "KEEPER_EXCEPTION",
}
# What it stored cannot be read: a question can never be at fault, and an insert reads nothing that is stored.
STORED_CODES: Final = {
    32: "ATTEMPT_TO_READ_AFTER_EOF",
    33: "CANNOT_READ_ALL_DATA",
    40: "CHECKSUM_DOESNT_MATCH",
    74: "CANNOT_READ_FROM_FILE_DESCRIPTOR",
    107: "FILE_DOESNT_EXIST",
    246: "CORRUPTED_DATA",
    271: "CANNOT_DECOMPRESS",
}
CANNOT_READ: Final = "the database cannot read what it stored"
# BAD_ARGUMENTS can be anybody's fault; with these words it is the data's: a oneof that was sent twice.
_BAD_ARGUMENTS: Final = 36
_BAD_PROTOBUF: Final = "Invalid protobuf data"
_OF_STORED: Final = re.compile(r"while reading (from part|column|or decompressing)|MergeTreeReader", re.IGNORECASE)
# Where the database or the log lies on this machine is nobody's business but the log's reader's.
_PATH: Final = re.compile(r"/(?:[\w.+@-]+/)*(?:store|data|detached|wal|retained|chdb)/[\w.+@/-]*")
_FULL_DISK: Final = ("No space left on device", "Disk quota exceeded")  # under many numbers, some of them the data's
_CODE: Final = re.compile(r"Code:\s*(\d+)")
_SECRET: Final = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")
_URL_QUERY: Final = re.compile(r"(with url: /)\?\S*")  # urllib3's text: settings and statement, then at last the reason
_STATEMENT: Final = re.compile(r"\s*In scope .*?(?=\(\w+\)$|$)")
_MESSAGE_MAX: Final = 400
_POOL: Final = re.compile(r"HTTPS?ConnectionPool\(host='([^']*)', port=(\d+)\)")  # urllib3's name for a server
# The first kind that the innermost exception is of: a name is no address, TLS and time-outs are OSErrors too.
_UNREACHABLE: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "its name is unknown"),
    (TimeoutError, "no answer in time"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionError, "connection lost"),
)


def translate(error: BaseException) -> StorageError:
    """The driver's or engine's exception as one of ours, without secrets and without the statement's text."""
    text = str(error)
    code = next((int(found) for found in _CODE.findall(text)), 0)
    told = _STATEMENT.sub("", _URL_QUERY.sub(r"\1", " ".join(text.split())))
    message = _unreachable(error, text) or without_paths(_SECRET.sub(r"\1***@", told))[:_MESSAGE_MAX]
    if any(words in text for words in _FULL_DISK):
        return StorageUnavailable(message, code=NOT_ENOUGH_SPACE)
    if is_of_stored(text, code):
        return StorageUnavailable(f"{CANNOT_READ}: {STORED_CODES[code]}", code=code)
    if code in DATA_CODES or (code == _BAD_ARGUMENTS and _BAD_PROTOBUF in text):
        return RecordRefused(message, code=code)
    if code in OPERATOR_CODES:
        return StorageRefused(
            message, code=code, hint="the database needs an operator; the log keeps everything meanwhile"
        )
    return StorageUnavailable(message, code=code)


def translate_read(error: BaseException) -> StorageError:
    """The same for a question to the tables, which cannot be what is wrong with them."""
    found = translate(error)
    if found.code in STORED_CODES:
        return StorageUnavailable(f"{CANNOT_READ}: {STORED_CODES[found.code]}", code=found.code)
    return found


def is_of_stored(text: str, code: int) -> bool:
    """Whether an error says that a part of a table is broken."""
    return code in STORED_CODES and _OF_STORED.search(text) is not None


def without_paths(text: str) -> str:
    """An error's text without the places of files on this machine."""
    return _PATH.sub("…", text)


def _unreachable(error: BaseException, text: str) -> str:
    """Which server does not answer and why, in place of what the driver says of pools and retries; '' if one did."""
    pool = _POOL.search(text)
    if pool is None:
        return ""
    innermost = error
    while (cause := innermost.__cause__ or innermost.__context__) is not None:
        innermost = cause
    why = next((words for kind, words in _UNREACHABLE if isinstance(innermost, kind)), "")
    if isinstance(innermost, ssl.SSLError):
        why = f"TLS failed, SSL says {innermost.reason or innermost}"
    if not why and isinstance(innermost, OSError):
        why = innermost.strerror or ""
    return f"no ClickHouse answers at {pool[1]}:{pool[2]} ({why})" if why else ""


def may_be_the_data(error: StorageError) -> bool:
    """Whether a failure that persists could be the fault of a single record."""
    known = error.code in OUTAGE_CODES or error.code in OPERATOR_CODES
    return error.code != 0 and not known and not error.message.startswith(CANNOT_READ)
