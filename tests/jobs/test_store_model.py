"""The store against a small model, under whatever order of calls can be thought of."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from secondunit.config import Config
from secondunit.jobs.job import Checkpoint, Kind, Lease, Priority, Renewal, Stage, State
from secondunit.jobs.store import Store

from tests.jobs.test_store import ERROR, result
from tests.plans import shot_plan

SEEDS = st.integers(0, 2)
USERS = st.sampled_from([("", ""), ("ada", "a"), ("bo", "b")])


class Calls(RuleBasedStateMachine):
    """What is promised: one end a job, no gap, one holder at a time, no success once stopped."""

    jobs = Bundle("jobs")
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.data = Path(tempfile.mkdtemp())
        self.clock = 0.0
        self.requests = 0
        self.held: dict[str, tuple[int, float]] = {}
        """Job -> attempt and the end of its lease."""
        self.stopped: set[str] = set()
        self.ends: dict[str, State] = {}
        self.seed: dict[str, int] = {}
        self.open()

    def open(self) -> None:
        config = Config(data=self.data, max_attempts=3)
        self.store = Store(
            self.data, config=config, clock=lambda: self.clock, now=lambda: 1e9 + self.clock
        )

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.data)

    def live(self, lease: Lease) -> bool:
        return self.held.get(lease.job, (0, 0.0))[0] == lease.attempt

    @rule(target=jobs, seed=SEEDS, priority=st.sampled_from(Priority), who=USERS)
    def create(self, seed: int, priority: Priority, who: tuple[str, str]) -> str:
        self.requests += 1
        user, tenant = who
        made = [
            self.store.create(
                shot_plan(seed=seed), request_id=str(self.requests), timeline="t",
                priority=priority, user=user, tenant=tenant,
            ).id
            for _ in range(2)  # and a retry of it
        ]  # fmt: skip
        assert made[0] == made[1]
        self.seed[made[0]] = seed
        return made[0]

    @rule(target=leases)
    def claim(self) -> object:
        job = self.store.claim("w", "cpu")
        if job is None:
            return multiple()
        assert job.id not in self.held, "two hold one job"
        self.held[job.id] = (job.attempt, self.clock + 30)
        return Lease(job=job.id, attempt=job.attempt)

    @rule(lease=leases)
    def renew(self, lease: Lease) -> None:
        told = self.store.renew(lease)
        assert (told is not Renewal.LOST) == self.live(lease)
        assert (told is Renewal.CANCELLING) == (self.live(lease) and lease.job in self.stopped)
        if self.live(lease) and self.held[lease.job][1] - self.clock < 20:
            self.held[lease.job] = (lease.attempt, self.clock + 30)

    @rule(lease=leases, stage=st.sampled_from(Stage))
    def progress(self, lease: Lease, stage: Stage) -> None:
        written = self.store.progress(lease, stage, "works", 1, 2)
        assert self.live(lease) or not written

    @rule(lease=leases, stage=st.sampled_from(Stage))
    def checkpoint(self, lease: Lease, stage: Stage) -> None:
        point = Checkpoint(stage=stage, attempt=lease.attempt, seconds=0.1, payload={})
        assert self.store.checkpoint(lease, point) == self.live(lease)

    @rule(lease=leases)
    def finish(self, lease: Lease) -> None:
        may = self.live(lease) and lease.job not in self.stopped
        plan = shot_plan(seed=self.seed.get(lease.job, 0))
        there = (self.data / "takes" / plan.digest).exists()
        assert self.store.finish(lease, result(self.store, plan, keep=there)) == may
        if may:
            del self.held[lease.job]

    @rule(lease=leases, how=st.sampled_from(["fail", "cancelled", "requeue", "lose", "smaller"]))
    def give_up(self, lease: Lease, how: str) -> None:
        match how:
            case "fail":
                done = self.store.fail(lease, ERROR)
            case "cancelled":
                done = self.store.cancelled(lease)
                if done:
                    self.stopped.add(lease.job)
            case _:
                done = self.store.requeue(lease, how, lost=how == "lose", smaller=how == "smaller")
        assert done == self.live(lease)
        if done:
            del self.held[lease.job]

    @rule(target=leases, lease=leases)
    def taken_over(self, lease: Lease) -> object:
        self.give_up(lease, "lose")
        taken = self.claim()
        point = Checkpoint(stage=Stage.PLAN, attempt=lease.attempt, seconds=0.1, payload={})
        assert not self.store.checkpoint(lease, point), "a worker of before wrote"
        return taken

    @rule(job=jobs)
    def cancel(self, job: str) -> None:
        if job in self.seed and not self.store.get(job).state.final:
            told = self.store.cancel(job)
            assert told.cancelling or told.state is State.CANCELLED
            self.stopped.add(job)

    @rule(seconds=st.sampled_from([1.0, 15.0, 31.0, 2000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock += seconds
        late = {job for job, (_, until) in self.held.items() if until <= self.clock}
        self.store.tend()
        for job in late:
            assert self.store.get(job).state is not State.RUNNING
            del self.held[job]

    @rule(job=consumes(jobs))
    def delete(self, job: str) -> None:
        if self.store.get(job).state.final:
            self.store.delete(job)
            for known in (self.seed, self.ends):
                known.pop(job, None)

    @rule()
    def die_and_come_back(self) -> None:
        self.store.close()
        self.held.clear()
        self.open()

    @invariant()
    def what_is_promised_holds(self) -> None:
        running: set[str] = set()
        for id in self.seed:
            job = self.store.get(id)
            events = self.store.events(id, 0, 10_000)
            assert [e.sequence for e in events] == list(range(1, job.sequence + 1)), "a gap"
            states = [State(e.payload["state"]) for e in events if e.kind is Kind.STATE]
            assert states[-1] is job.state
            assert not any(state.final for state in states[:-1]), "an end that was none"
            assert not (id in self.stopped and job.state is State.SUCCEEDED), "stopped, then made"
            assert self.ends.get(id, job.state) is job.state, "it ended twice"
            if job.state.final:
                self.ends[id] = job.state
            elif job.state is State.RUNNING:
                running.add(id)
            if job.state is State.WAITING:
                assert job.waits_for and not self.store.get(job.waits_for).state.final, "for ever"
            if job.state is State.SUCCEEDED:
                assert self.store.result(id) is not None
        assert running == self.held.keys() & self.seed.keys()


Calls.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow,),
)
TestCalls = Calls.TestCase
