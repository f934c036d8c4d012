"""The program that becomes a ClickHouse server: libchdb.so in a process of its own.

Owns: loading the library and handing it clickhouse-local's own arguments. Started only by
`clickhouse_server.py`, as `python clickhouse_child.py LIBRARY ARGUMENT...`; never imported.

A process of its own because the library installs signal handlers, starts a few hundred threads and cannot be
unloaded, and because tests want to kill it. Its standard input is a pipe held open by the parent: when the parent
is gone, however it went, the pipe ends and this process kills itself. (PR_SET_PDEATHSIG would fire already when the
*thread* that started the child ends, which a worker thread of a test does early.)
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading


def die_with_parent() -> None:
    """Wait for the end of standard input, then end this process at once."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


class _Result(ctypes.Structure):
    """The head of chDB's `local_result_v2`: enough to read the error text."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("vector", ctypes.c_void_p),
        ("elapsed", ctypes.c_double),
        ("rows_read", ctypes.c_uint64),
        ("bytes_read", ctypes.c_uint64),
        ("error_message", ctypes.c_char_p),
    )


def main(library_path: str, arguments: list[str]) -> int:
    """Run clickhouse-local with `arguments` until it ends; its error goes to standard error."""
    threading.Thread(target=die_with_parent, daemon=True).start()
    run = ctypes.CDLL(library_path).query_stable_v2
    run.restype = ctypes.POINTER(_Result)
    encoded = [argument.encode() for argument in arguments]
    result = run(len(encoded), (ctypes.c_char_p * len(encoded))(*encoded))
    error = result.contents.error_message if result else None
    if error:
        print(error.decode(errors="replace"), file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1], sys.argv[2:])
    os._exit(status)  # the library's threads do not survive the interpreter's own tear-down
