"""The adapter's process: from a server's address to a Resolve that is attached to it."""

from __future__ import annotations

import logging
import os
import signal
import threading
from types import FrameType

import grpc

from secondunit_resolve.alone import alone
from secondunit_resolve.check import here
from secondunit_resolve.connect import installation, running
from secondunit_resolve.link import Link
from secondunit_resolve.places import notes

log = logging.getLogger(__name__)


def run(channel: grpc.Channel, address: str) -> bool:
    """Serve until a signal ends it; False where another adapter of this user serves already."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with alone(notes(here(), os.environ)) as only:
        if not only:
            log.info("an adapter runs already")
            return False
        found = installation(here(), os.environ)
        link = Link(channel, lambda: running(found))
        _until_signalled(link)
        log.info("Resolve's adapter, for the server at %s", address)
        link.run()
    return True


def _until_signalled(link: Link) -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def leave(number: int, frame: FrameType | None) -> None:
        link.stop()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
