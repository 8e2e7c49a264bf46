"""LTX, LTX-2, CogVideoX and SVD with every control, through the whole engine.

What is held is looked at where it counts: in what the network is given, at every step. There LTX
and LTX-2 have it clean (or as noisy as its own level says), the others under the noise of the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from secondunit.engine import hold
from secondunit.engine.diffusion.families import ltx, ltx2
from secondunit.errors import Cancelled
from secondunit.plan.shot_plan import Pin

from tests.engine.diffusion import matrix
from tests.engine.keeping import PowerCut, Shelf
from tests.engine.pictures import MEDIA, silent
from tests.fakes.checkpoints_ltx import tiny

TOLD = ("ltx", "ltx2")
"""Their own weights obey every control."""
HELD = ("cogvideox", "svd")
"""Held from outside, alike whatever the control: every other one is in `test_matrix_others`."""
KIN = ("cogvideox_5b", "cogvideox_1_5", "cogvideox_text", "ltx_0_9_8")
CASES = [
    *((name, case) for name in TOLD for case in matrix.CASES),
    *((name, case) for name in HELD for case in ("first", "mask", "ambient")),
    *((name, "first") for name in KIN),
]
LONGEST = 25
"""Frames of a pass where a long shot shall take a few."""


def opened(name: str, checkpoints: Path, **changes: Any) -> Any:
    """(engine, watched family) of a tiny checkpoint."""
    return matrix.engine(tiny(name, checkpoints), **changes)


class Sight:
    """What the network is given, once a step, pass by pass: latents on the grid, and its times."""

    def __init__(self, watched: matrix.Watched) -> None:
        self.seen: dict[int, list[tuple[torch.Tensor, Any]]] = {}
        self._watched = watched
        network = getattr(watched.pipe, "transformer", None) or watched.pipe.unet
        network.register_forward_pre_hook(self._look, with_kwargs=True)

    def _look(self, network: Any, given: Any, named: dict[str, Any]) -> None:
        number = len(self._watched.passes) - 1
        latents = named.get("hidden_states")
        times = named.get("timestep")
        latents = given[0] if latents is None else latents
        self.seen.setdefault(number, []).append((latents.clone(), times))

    def errors(self) -> list[float]:
        """The largest error of a held cell at each step after a pass's first."""
        return [e for number in self.seen for e in self._of(number)]

    def _of(self, number: int) -> Iterator[float]:
        watched, pipe, family = self._watched, self._watched.pipe, self._watched.family
        wanted, clean = watched.passes[number], watched.clean[number]
        noise = watched.drawn[number]
        levels = torch.from_numpy(hold.on_cells(wanted, family.cells(pipe, wanted)))[None, None]
        for step, (seen, _) in enumerate(self.seen[number]):
            if step == 0:
                continue  # what the pass begins with: noise
            sigma = family.levels(pipe)[step]
            held = (levels <= sigma).expand_as(clean)
            target = family.mixed(pipe, clean, noise, step)
            if family is ltx.FAMILY:
                own = ltx.released_at(levels, pipe.scheduler.sigmas)
                target = torch.lerp(noise, clean, 1 - own)
            elif family is ltx2.FAMILY:
                target = torch.where(levels <= 0, clean, target)
            grid = seen if seen.ndim == 3 else seen[:, :, : clean.shape[1]]
            grid = family.onto_grid(pipe, wanted, grid)
            if not hasattr(pipe, "transformer"):  # scaled to a variance of 1 before the network
                target = target / (1 + (sigma / (1 - sigma)) ** 2) ** 0.5
            off = (grid - target)[held]
            yield float(off.abs().max()) if off.numel() else 0.0


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_control_on_a_family(name: str, case: str, checkpoints: Path) -> None:
    engine, watched = opened(name, checkpoints, **({"longest": LONGEST} if case == "long" else {}))
    sight = Sight(watched)
    plan, sources = matrix.CASES[case]()
    frames = dict(engine.run(matrix.asked(plan), sources, silent))
    assert list(frames) == matrix.to_make(plan)
    assert {f.shape for f in frames.values()} == {(matrix.HEIGHT, matrix.WIDTH, 3)}
    assert all(np.isfinite(f).all() and f.min() >= 0 and f.max() <= 1 for f in frames.values())
    assert case != "mask" or matrix.kept_exactly(sources, frames)
    assert len(watched.passes) > 1 if case == "long" else len(watched.passes) == 1
    errors = sight.errors()
    assert errors
    assert max(errors) <= (1e-6 if name == "svd" else 0)  # its input is divided once more
    for wanted, clean, final in zip(watched.passes, watched.clean, watched.final, strict=True):
        cells = watched.family.cells(watched.pipe, wanted)
        held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, cells)))
        assert held.any() or case in {"ambient", "last", "long"}
        assert torch.equal(final[:, :, held], clean[:, :, held])
        assert not torch.allclose(final[:, :, ~held], clean[:, :, ~held], atol=0.05)


@pytest.mark.parametrize("name", TOLD)
def test_what_is_held_is_told_as_clean_and_what_is_free_as_noise(
    name: str, checkpoints: Path
) -> None:
    """The polarity of the condition mask, in the time that each token is told."""
    engine, watched = opened(name, checkpoints)
    sight = Sight(watched)
    plan, sources = matrix.CASES["first"]()
    dict(engine.run(matrix.asked(plan), sources, silent))
    pipe, wanted = watched.pipe, watched.passes[0]
    levels = torch.from_numpy(hold.on_cells(wanted, watched.family.cells(pipe, wanted))).flatten()
    assert levels[:2].tolist() == [0, 0]  # the first frame: two cells
    assert levels[2:].min() > 0.9
    for step, (_, times) in enumerate(sight.seen[0]):
        told, sigma = times.flatten() / 1000, watched.family.levels(pipe)[step]
        assert told[:2].tolist() == [0, 0]
        own = ltx.released_at(levels, pipe.scheduler.sigmas) if name == "ltx" else levels * 0 + 1
        assert torch.allclose(told[2:], own[2:].clamp(max=sigma), atol=1e-6)


@pytest.mark.parametrize("name", TOLD)
def test_a_soft_keyframe_has_tokens_of_its_strength(name: str, checkpoints: Path) -> None:
    engine, watched = opened(name, checkpoints)
    sight = Sight(watched)
    plan, sources = matrix.CASES["first"]()
    sources.pins[5] = matrix.clip(6)[5]
    soft = Pin(frame=5, media=MEDIA, index=0, strength=0.5)
    plan = replace(plan, pulls=(soft,))
    frames = dict(engine.run(matrix.asked(plan), sources, silent))
    assert list(frames) == matrix.to_make(plan)
    assert watched.passes[0].strengths == {5: 0.5}
    tokens, times = sight.seen[0][0]
    cells = watched.family.cells(watched.pipe, watched.passes[0])
    assert tokens.shape[1] == (len(cells.frames) + 1) * cells.height * cells.width
    own = times[0, :2] if name == "ltx" else times[0, -2:]
    assert 0 < float(own.max()) <= (1000 if name == "ltx" else 500)


@pytest.mark.parametrize("name", TOLD)
def test_a_stop_takes_effect_within_a_step_and_the_next_run_is_clean(
    name: str, checkpoints: Path
) -> None:
    plan, sources = matrix.CASES["first"]()
    one, watched = opened(name, checkpoints)
    sight = Sight(watched)

    def stop(doing: str, step: int, steps: int) -> None:
        if doing == "denoise" and step == 2:
            raise Cancelled("by its owner")

    with pytest.raises(Cancelled):
        list(one.run(matrix.asked(plan), sources, stop))
    assert len(sight.seen[0]) == 2
    after = dict(one.run(matrix.asked(plan), sources, silent))
    fresh = dict(opened(name, checkpoints)[0].run(matrix.asked(plan), sources, silent))
    assert all(np.array_equal(after[n], fresh[n]) for n in fresh)


@pytest.mark.parametrize("name", TOLD)
def test_a_run_whose_power_was_cut_goes_on_with_the_same_bits(name: str, checkpoints: Path) -> None:
    plan, sources = matrix.CASES["extend"]()
    plan = matrix.asked(plan, steps=5)
    whole = dict(opened(name, checkpoints)[0].run(plan, sources, silent))
    shelf = Shelf(cut_after=1)  # the latents after four steps
    with pytest.raises(PowerCut):
        list(opened(name, checkpoints)[0].run(plan, sources, silent, keep=shelf))
    shelf.cut_after = -1
    later, watched = opened(name, checkpoints)
    sight = Sight(watched)
    rest = dict(later.run(plan, sources, silent, keep=shelf))
    assert len(sight.seen[0]) == 1
    assert all(np.array_equal(whole[n], rest[n]) for n in whole)
