"""`spanhouse serve`: a collector in the foreground.

Owns signals and the line of JSON that says it is ready. Leaves what a collector is to `service`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import click

from spanhouse_collector.cli.console import FAILED, collector_options, fail_to_start, load_config
from spanhouse_collector.config import Config
from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.service import Addresses, Collector

logger = logging.getLogger(__name__)

LEFT_EARLY: Final = 1  # exit code of a second signal: nothing acknowledged is lost, but the log is not drained

WhenReady = Callable[[Collector, Addresses], Awaitable[bool]]


@click.command(short_help="Run a collector.")
@collector_options
def serve(**options: str | None) -> None:
    """Run a collector: OTLP in over gRPC and HTTP, into the embedded database or a ClickHouse server.

    Prints one line of JSON when it is ready. SIGTERM or Ctrl-C drains and exits with 0; a second one exits at once, and
    what was acknowledged is in the log for the next start.
    """
    run_collector(load_config(options), _say_ready)


async def _say_ready(collector: Collector, addresses: Addresses) -> bool:
    logger.info("ready: OTLP/gRPC on %s, OTLP/HTTP and the API on %s", addresses.grpc, addresses.http)
    click.echo(
        json.dumps(
            {
                "ready": True,
                "grpc": addresses.grpc,
                "http": addresses.http,
                "data_dir": str(collector.config.data_dir),
            }
        )
    )
    return True


def run_collector(config: Config, when_ready: WhenReady) -> None:
    """Run a collector until a signal, or until `when_ready` returns False; leaves the process with an exit code."""
    # Reading a large trace makes hundreds of thousands of small objects at once, none of them in a cycle: looking for
    # cycles after every 700 would be a third of the work.
    gc.set_threshold(50_000, 20, 50)
    try:
        sys.exit(asyncio.run(_run(config, when_ready)))
    except SpanhouseError as error:
        fail_to_start(error)


async def _run(config: Config, when_ready: WhenReady) -> int:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            logger.warning("told to stop a second time: leaving at once, the log keeps what is not stored")
            os._exit(LEFT_EARLY)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    collector = await asyncio.to_thread(Collector, config)
    try:
        addresses = await collector.start()
    except BaseException:
        await asyncio.to_thread(collector.close)
        raise
    ready = asyncio.ensure_future(when_ready(collector, addresses))
    stopped = asyncio.ensure_future(stopping.wait())
    await asyncio.wait([ready, stopped], return_when=asyncio.FIRST_COMPLETED)
    if ready.done() and ready.exception() is None and ready.result():
        await stopped
    logger.info("stopping: finishing requests and loading what is in the log")
    if not await collector.stop():
        logger.warning("the log is not empty; the next start loads the rest")
    stopped.cancel()
    if not ready.done():
        ready.cancel()
    elif (error := ready.exception()) is not None:
        if not isinstance(error, SpanhouseError):
            raise error
        click.echo(f"spanhouse: {error}", err=True)
        return FAILED
    return 0
