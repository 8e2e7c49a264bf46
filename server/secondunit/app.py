"""The composition root: builds every part once and lets the parts go in reverse."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from secondunit import logs, measures
from secondunit.config import Config
from secondunit.jobs.desk import STAGES, Desk
from secondunit.jobs.reader import Reader
from secondunit.rpc.bridge.pairing import new_code
from secondunit.rpc.listen import raise_file_limit
from secondunit.rpc.serve import Server, serving
from secondunit.rpc.tokens import Keys

log = logging.getLogger(__name__)

BRIDGE = "127.0.0.1:50052"
"""Where the panel is, unless another server of this machine has the port."""
GRACE = 10.0
"""Seconds that calls and running steps get when the server is told to stop."""
SELDOM = (20_000, 20, 20)
"""New objects, and rounds, after which Python looks for garbage. Plans of a long edit are a million
objects that refer to nothing in a circle, and to look through them again and again took as long as
all else that was done with them."""


@contextmanager
def running(
    config: Config, *, listen: str = "127.0.0.1:0", work: bool = True, read: bool = True
) -> Iterator[str]:
    """A whole service inside this process; gives its address. Raises StoreBusy, Refused.

    Without `work` jobs can be planned, listed and stopped, but none is begun; without `read` what
    reads timelines is started only when one is to be read. What is unfinished on the way out
    stays in the store, and goes on when it is opened again.
    """
    gc.set_threshold(*SELDOM)
    reader = Reader(config)
    if read:
        reader.start()  # beside all that follows, so that nobody waits for it
    try:
        desk = Desk(config, alone=work)
        try:
            if work:
                desk.start()
            with serving(desk, config, listen=listen, reader=reader, trusted=True) as address:
                yield address
        finally:
            desk.stop(GRACE)
    finally:
        reader.stop()


def serve_forever(
    config: Config, listen: str, *, bridge: str | None = "", stages: str = STAGES
) -> None:
    """Serve until SIGTERM or SIGINT, then checkpoint and end; at once at the second of them.

    `bridge`: where the panel is; empty: nowhere; None: at `BRIDGE`, if that is free. `stages` is
    "module:callable": what the workers do their work with. Raises StoreBusy, Refused.
    """
    logs.configure(config.log)
    gc.set_threshold(*SELDOM)
    asyncio.run(_serve(config, listen, bridge, stages))


async def _serve(config: Config, listen: str, bridge: str | None, stages: str) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: (hurry if stop.is_set() else stop).set())
    raise_file_limit()
    desk = await asyncio.to_thread(partial(Desk, config, stages=stages))
    reader = Reader(config)
    parts = ExitStack()
    try:
        parts.enter_context(_measured(config, desk))
        reader.start()
        # Refuses before work begins.
        server = Server(
            desk, config, listen=listen, reader=reader,
            bridge=BRIDGE if bridge is None else bridge, insist=bridge is not None,
        )  # fmt: skip
        desk.start()
        address = await server.start()
        log.info("Second Unit serves on %s; jobs and takes are in %s", address, config.data)
        if server.panel:
            _invite(config, server.panel)
        await stop.wait()
        log.info("stopping: running jobs are left at their step and go on at the next start")
        end = loop.time() + GRACE
        await server.drain()
        # Work first, so that watchers hear what became of it before they are sent away.
        await _at_last(
            asyncio.to_thread(desk.halt, GRACE), hurry, lambda: asyncio.to_thread(desk.halt, 0.0)
        )
        rest = 0.0 if hurry.is_set() else max(end - loop.time(), 1.0)
        await _at_last(server.stop(rest), hurry, lambda: server.stop(0.0))
    finally:
        parts.close()
        await asyncio.to_thread(desk.stop, GRACE)
        await asyncio.to_thread(reader.stop)


def _invite(config: Config, panel: str) -> None:
    """Show whoever started the server how to open its panel."""
    if Keys(config.data).exist:
        log.info("the panel is at %s; it asks for a token", panel)
        return
    code = new_code(config.data)
    log.info("the panel is at %s/#pair=%s (the code serves once, for ten minutes)", panel, code)


async def _at_last(
    patient: Awaitable[None], hurry: asyncio.Event, hasty: Callable[[], Awaitable[None]]
) -> None:
    """Wait until something has ended well; end it hastily when there is no more time."""
    ending, hurried = asyncio.ensure_future(patient), asyncio.ensure_future(hurry.wait())
    try:
        await asyncio.wait((ending, hurried), return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            await hasty()
        await ending
    finally:
        hurried.cancel()


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
