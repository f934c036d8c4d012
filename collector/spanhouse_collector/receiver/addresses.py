"""Whether a collector can listen where it was told to, asked before anything is made on disk.

Owns that look, and how a taken address is told: which option chooses another, and who answers there now if that is a
collector. The listeners bind for themselves afterwards; an address that is taken in between is told by them.
"""

from __future__ import annotations

import errno
import socket
import urllib.request
from http.client import HTTPException
from typing import Final

from spanhouse_collector.errors import StartupError

_LOOK_S: Final = 1.0


def check_addresses(host: str, *, grpc_port: int, http_port: int) -> None:
    """Try both ports; 0 stands for a free one.

    Raises:
        StartupError: one line for each that cannot be had.

    """
    wanted = (("OTLP/gRPC", "--grpc-port", grpc_port), ("HTTP", "--http-port", http_port))
    problems = [told for name, option, port in wanted if port and (told := _problem(host, port, name, option))]
    if problems:
        raise StartupError(problems)


def _problem(host: str, port: int, name: str, option: str) -> str:
    """Why there is no listening on a port; '' when there is."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as looking:
        looking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            looking.bind((host, port))
            looking.listen(1)
        except OSError as error:
            return f"{name} cannot listen on {host}:{port}: {_advice(error, host, port, option)}"
    return ""


def _advice(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        by = "a collector already listens there" if _is_collector(host, port) else "it is in use"
        return f"{by}; choose another with {option} (0 picks a free one)"
    if error.errno == errno.EACCES:
        return f"it is not allowed to this user; choose one above 1023 with {option}"
    return f"{error.strerror}; --host is the address to listen on"


def _is_collector(host: str, port: int) -> bool:
    """Whether what listens there answers as a collector does."""
    at = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{at}:{port}/healthz", timeout=_LOOK_S) as reply:
            return bool(reply.read(64) == b'{"status":"ok"}')
    except (OSError, HTTPException, ValueError):  # gRPC answers with something that is no HTTP/1.1
        return False
