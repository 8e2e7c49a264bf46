"""Case 1: the program dies at every place that has a name, and no caller loses anything by it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from secondunit.v1 import jobs_pb2 as pb

from tests.conftest import REPOSITORY
from tests.faults.conftest import House
from tests.faults.service import QUICK, until

SETTINGS = """max_attempts = 1000
[limits]
reserve_bytes = 0
[schedule]
lease_seconds = 2
"""
"""Many deaths are no poison job here; a short lease is renewed, and runs out, within a test."""

ELSEWHERE = {
    r"store\.calm\.": "only in a program that renders for itself, before it begins",
    r"store\.probe\.": "only after the disk was full",
    r"store\.sweep\.": "only when a job is as old as the operator's settings say",
    r"store\.rehash\.": "only of a take that an older version made",
    r"store\.cancelled\.": "reached by the stop of a running job, unless it ended at that moment",
    r"store\.expire\.": "the runner hears a silence before the lease runs out, as a rule",
    r"store\.note\.": "only when a job is tried again with less memory",
    r"reader\.": "in a process that may write nothing, not even that it was there",
    r"backup\.": "in the process of the command `secondunit backup`",
    r"tokens\.": "in the process of the command `secondunit token`",
}
"""Places that no life of this server passes for sure, and why."""


def places() -> set[str]:
    """Every name in the source, those that are put together too."""
    found: set[str] = set()
    transactions: set[str] = set()
    for file in (REPOSITORY / "server" / "secondunit").rglob("*.py"):
        text = file.read_text()
        found |= set(re.findall(r'\bfailpoint\("([\w.]+)"\)', text))
        transactions |= set(re.findall(r'\._(?:transaction|leased)\((?:\w+, )?"(\w+)"\)', text))
    return found | {f"store.{name}.{when}" for name in transactions for when in ("before", "after")}


def alive_after(died: set[str]) -> set[str]:
    """The places at which somebody should have died, and did not."""
    return {p for p in places() - died if not any(re.match(e, p) for e in ELSEWHERE)}


def story(house: House, chapter: int) -> None:
    """Every kind of thing that can happen to a job."""
    witness, seed = house.witness, 10 * chapter

    def watched(name: str, number: int, priority: pb.Priority, **wishes: Any) -> str:
        shot = house.shot(seed + number, **wishes)
        id = witness.create(f"{chapter}-{name}", shot, priority)
        witness.watch(id)
        return id

    def at_work(id: str) -> None:
        states = (pb.JOB_STATE_QUEUED, pb.JOB_STATE_WAITING)
        until(lambda: witness.look(id).state not in states, what="the beginning of the work")

    normal, batch = pb.PRIORITY_NORMAL, pb.PRIORITY_BATCH
    first = watched("first", 1, normal, pause=0.1)
    twin = watched("twin", 1, normal, pause=0.1)
    stopped = watched("stopped", 2, normal, pause=0.3)
    never = watched("never", 3, batch)
    witness.cancel(never)
    patient = watched("patient", 4, batch, pause=0.2)
    failed = watched("failed", 5, normal, fail="as it was told")
    file = house.service.folder / f"footage-{chapter}"
    file.write_bytes(random.Random(chapter).randbytes(9 * 2**20))  # it is synced on the way
    witness.upload(file)
    witness.budget("another", hours=chapter)
    at_work(stopped)
    witness.cancel(stopped)
    at_work(patient)
    urgent = watched("urgent", 6, pb.PRIORITY_INTERACTIVE, hang=chapter == 1)
    for id in (first, twin, stopped, never, patient, failed, urgent):
        witness.wait(id)
    watched("again", 1, normal, pause=0.1)
    witness.delete(stopped)


@pytest.mark.timeout(400)
def test_a_death_at_every_failpoint_loses_nothing(
    open_house: Callable[..., House], record_property: Callable[[str, object], None]
) -> None:
    house = open_house(QUICK, settings=SETTINGS)
    house.service.kill()
    died: set[str] = set()
    chapter = 0
    with house.service.kept_up("*=kill@once"):
        while True:
            chapter += 1
            story(house, chapter)
            now = {path.name for path in house.service.seen.iterdir()}
            if now == died:  # a whole chapter in peace: there is no place left
                break
            died = now
        house.settled()
    record_property("cases", len(died))
    print(f"{len(died)} places of death, {house.service.lives} lives, {chapter} chapters")
    assert not alive_after(died), (
        "nobody died there: say in ELSEWHERE why, or have the story pass it"
    )
    assert died >= {"store.create.before", "store.create.after"}
