"""Wan's families and Helios, each with every control, through the whole engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from secondunit.config import Config
from secondunit.engine import hold
from secondunit.engine.diffusion.families import helios
from secondunit.errors import Cancelled, EngineFailed
from secondunit.timeline.media import probe

from tests.engine.diffusion import matrix
from tests.engine.keeping import PowerCut, Shelf
from tests.engine.pictures import silent
from tests.fakes.checkpoints import tiny

FAMILIES = ("wan_vace", "wan_i2v_a14b", "wan_ti2v", "helios")
WHOLE = ("wan_vace", "wan_ti2v", "helios")
"""Each with every control."""
KIN = ("wan_vace_a14b", "wan_t2v", "wan_i2v", "wan_flf")
"""They differ from the others in what they are told alone."""
CASES = [
    *((name, case) for name in WHOLE for case in matrix.CASES),
    *(("wan_i2v_a14b", case) for case in ("first", "last", "middle", "extend", "mask", "stroke")),
    *((name, case) for name in KIN for case in ("first", "mask")),
]
HELIOS = 9
"""Latent frames of one of its chunks."""


def opened(name: str, checkpoints: Path, **changes: Any) -> Any:
    """(engine, watched family) of a tiny checkpoint."""
    return matrix.engine(tiny(name, checkpoints), **changes)


class Sight:
    """What the networks see of the latents, once a step, pass by pass."""

    def __init__(self, watched: matrix.Watched) -> None:
        self.seen: dict[int, list[torch.Tensor]] = {}
        self._watched = watched
        for name in ("transformer", "transformer_2"):
            if (network := getattr(watched.pipe, name, None)) is not None:
                network.register_forward_pre_hook(self._look, with_kwargs=True)

    def _look(self, network: Any, given: Any, named: dict[str, Any]) -> None:
        number = len(self._watched.passes) - 1
        self.seen.setdefault(number, []).append(named["hidden_states"].clone())

    def errors(self) -> list[float]:
        """The largest error of a held cell at each step after a pass's first."""
        return [e for number in self.seen for e in self._of(number)]

    def _of(self, number: int) -> Iterator[float]:
        watched, pipe, family = self._watched, self._watched.pipe, self._watched.family
        wanted, free = watched.passes[number], watched.free[number]
        levels = torch.from_numpy(hold.on_cells(wanted, family.cells(pipe, wanted)))[None, None]
        long = HELIOS if family is helios.FAMILY else levels.shape[2]
        parts = [slice(n, n + long) for n in range(0, levels.shape[2], long)]
        parts = [part for part in parts if (levels[:, :, part] > 0).any()]
        for index, seen in enumerate(self.seen[number]):
            part, step = parts[index // wanted.steps], index % wanted.steps
            if step == 0:
                continue  # what the pass begins with: noise
            clean, noise = watched.clean[number][:, :, part], watched.drawn[number][:, :, part]
            target = family.mixed(pipe, clean, noise, step)
            if free is not None:
                target = torch.where(free == 0, clean, target)
            held = (levels[:, :, part] <= family.levels(pipe)[step]).expand_as(clean)
            off = (seen[:, : clean.shape[1]] - target)[held]
            yield float(off.abs().max()) if off.numel() else 0.0


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_control_on_a_family(name: str, case: str, checkpoints: Path) -> None:
    engine, watched = opened(name, checkpoints, **({"longest": 33} if case == "long" else {}))
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
    assert max(errors) == 0
    for wanted, clean, final in zip(watched.passes, watched.clean, watched.final, strict=True):
        cells = watched.family.cells(watched.pipe, wanted)
        held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, cells)))
        assert held.any() or case == "ambient" or "last" in case
        assert torch.equal(final[:, :, held], clean[:, :, held])
        assert not torch.allclose(final[:, :, ~held], clean[:, :, ~held], atol=0.05)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_gives_the_same_bits(name: str, checkpoints: Path) -> None:
    plan, sources = matrix.CASES["first"]()
    one, _ = opened(name, checkpoints)
    first, again = (dict(one.run(matrix.asked(plan), sources, silent)) for _ in range(2))
    other = dict(one.run(matrix.asked(plan, seed=plan.seed + 1), sources, silent))
    assert all(np.array_equal(first[n], again[n]) for n in first)
    assert any(not np.array_equal(first[n], other[n]) for n in first)


@pytest.mark.parametrize("name", FAMILIES)
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


@pytest.mark.parametrize("name", FAMILIES)
def test_a_run_whose_power_was_cut_goes_on_with_the_same_bits(
    name: str, checkpoints: Path, tmp_path: Path
) -> None:
    plan, sources = matrix.CASES["extend"]()
    if name == "wan_vace":
        picture = tmp_path / "who.png"
        Image.new("RGB", (40, 40), (200, 40, 60)).save(picture)
        plan = replace(plan, references=(probe(picture, Config(data=tmp_path)),))
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


def test_words_past_the_tokenizer_are_counted_in_the_record(checkpoints: Path) -> None:
    plan, sources = matrix.CASES["first"]()
    one, _ = opened("wan_vace", checkpoints)
    list(one.run(matrix.asked(plan, prompt="x" * 600), sources, silent))
    assert one.ran["words_unread"] in {89, 90}  # a token a letter, one for the end, one for a space
    list(one.run(matrix.asked(plan), sources, silent))
    assert one.ran["words_unread"] == 0


def test_numbers_that_are_none_fail_by_name(checkpoints: Path) -> None:
    plan, sources = matrix.CASES["first"]()
    one, watched = opened("wan_vace", checkpoints)
    with torch.no_grad():
        watched.pipe.transformer.proj_out.bias.fill_(float("nan"))
    with pytest.raises(EngineFailed, match="NaN or infinite"):
        list(one.run(matrix.asked(plan), sources, silent))
