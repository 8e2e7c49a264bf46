"""One thread alone calls Resolve, and a call that does not come back is not waited for for ever."""

from __future__ import annotations

import threading
import time

import pytest
from secondunit_resolve.faults import HostError
from secondunit_resolve.owner import Owner

from tests.plugins.resolve.conftest import Edit


def test_all_calls_are_made_in_one_thread(edit: Edit) -> None:
    owner = Owner()
    edit.world.threads.clear()
    askers = [
        threading.Thread(target=lambda: owner.call(lambda: edit.ask(get_context={})))
        for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    owner.stop()
    assert len(edit.world.threads) == 1
    assert edit.world.threads.isdisjoint({threading.get_ident()})


def test_a_call_that_hangs_is_given_up_and_the_next_is_told_at_once(edit: Edit) -> None:
    owner, edit.world.hang = Owner(), threading.Event()
    with pytest.raises(HostError) as caught:
        owner.call(lambda: edit.ask(seek={"frame": 1}), 0.1)
    assert caught.value.fault.code == "TIMEOUT" and caught.value.fault.retryable
    began = time.monotonic()
    with pytest.raises(HostError):
        owner.call(lambda: 1, 0.05)
    assert time.monotonic() - began < 0.05
    edit.world.hang.set()
    edit.world.hang = None
    assert owner.call(lambda: 2, 5) == 2, "and when it comes back all goes on"
    owner.stop()


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    owner, hold, done = Owner(), threading.Event(), []
    threading.Thread(target=lambda: owner.call(hold.wait, 20), daemon=True).start()
    while owner._since is None:
        time.sleep(0.01)
    with pytest.raises(HostError):
        owner.call(lambda: done.append(1), 0.3)
    hold.set()
    owner.call(lambda: None, 5)
    owner.stop()
    assert done == []


def test_an_error_belongs_to_who_asked() -> None:
    owner = Owner()

    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        owner.call(fails)
    assert owner.call(lambda: 1) == 1
    owner.stop()
