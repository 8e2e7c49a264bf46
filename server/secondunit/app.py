"""The composition root: builds every part once and lets the parts go in reverse."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from secondunit import logs, measures
from secondunit.config import Config
from secondunit.jobs.desk import STAGES, Desk
from secondunit.rpc.serve import Server, serving

log = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds that calls and running steps get when the server is told to stop."""


@contextmanager
def running(config: Config, *, listen: str = "127.0.0.1:0", work: bool = True) -> Iterator[str]:
    """A whole service inside this process; gives its address. Raises StoreBusy, Refused.

    Without `work` jobs can be planned, listed and stopped, but none is begun. What is unfinished
    on the way out stays in the store, and goes on when it is opened again.
    """
    desk = Desk(config)
    try:
        if work:
            desk.start()
        with serving(desk, config, listen=listen, trusted=True) as address:
            yield address
    finally:
        desk.stop(GRACE)


def serve_forever(config: Config, listen: str, *, stages: str = STAGES) -> None:
    """Serve until SIGTERM or SIGINT, then checkpoint and end. Raises StoreBusy, Refused.

    `stages` is "module:callable": what the workers do their work with.
    """
    logs.configure(config.log)
    asyncio.run(_serve(config, listen, stages))


async def _serve(config: Config, listen: str, stages: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    desk = await asyncio.to_thread(partial(Desk, config, stages=stages))
    parts = ExitStack()
    try:
        parts.enter_context(_measured(config, desk))
        desk.start()
        server = Server(desk, config, listen=listen)
        address = await server.start()
        log.info("Second Unit serves on %s; jobs and takes are in %s", address, config.data)
        await stop.wait()
        await server.stop(GRACE)
    finally:
        parts.close()
        await asyncio.to_thread(desk.stop, GRACE)


@contextmanager
def _measured(config: Config, desk: Desk) -> Iterator[None]:
    if not config.metrics:
        yield
        return
    with measures.measuring() as made:
        made.look_at(desk.counts, config.data)
        with measures.served(config.metrics, made) as address:
            log.info("measures are at http://%s/metrics", address)
            yield
