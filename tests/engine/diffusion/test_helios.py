"""Helios walks chunk after chunk as the stock pipeline does; here it is held and taken up again."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.helios.pipeline_helios import HeliosPipeline
from secondunit.engine import hold
from secondunit.engine.diffusion.families.helios import FAMILY, LATENTS
from secondunit.engine.diffusion.family import Pass
from secondunit.engine.diffusion.flow_match import FlowGrid
from secondunit.errors import EngineFailed

from tests.engine.diffusion.passes import a_pass
from tests.fakes.checkpoints import tiny

SMALL: dict[str, Any] = {"width": 48, "height": 32, "steps": 2}


def opened(checkpoints: Path) -> Any:
    """The pipeline of tiny Helios."""
    return FAMILY.open(tiny("helios", checkpoints), dtype=torch.float32, device="cpu", loras=())


def walked(
    pipe: Any,
    wanted: Pass,
    noise: torch.Tensor,
    *,
    stop: int | None = None,
    kept: dict[str, Any] | None = None,
) -> tuple[torch.Tensor, dict[str, Any], list[int]]:
    """(latents, what a later run needs, steps as the callback was told them)."""
    video = torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
    told: list[int] = []
    left: dict[str, Any] = {}

    def after(_: Any, index: int, time: Any, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
        told.append(pipe_first + index + 1)
        left.update(FAMILY.beside(pipe, wanted, tensors["latents"]))
        left.update(state=tensors["latents"], step=told[-1])
        if stop is not None and len(told) == stop:
            raise InterruptedError
        return tensors

    pipe_first = pipe.scheduler.first = 0 if kept is None else kept["step"]
    with torch.no_grad():
        clean = FAMILY.encode(pipe, video)
        start = noise if kept is None else kept["state"]
        given = FAMILY.arguments(
            pipe, wanted, clean, noise, start, kept, torch.Generator().manual_seed(1)
        )
        try:
            (done,) = pipe(
                **given, **FAMILY.words(pipe, wanted), num_inference_steps=wanted.steps,
                output_type="latent", callback_on_step_end=after,
            )  # fmt: skip
        except InterruptedError:
            done = left["state"]
    return done, left, told


def drawn(chunks: int) -> torch.Tensor:
    """Noise as the stock pipeline draws it: one chunk after another."""
    random = torch.Generator().manual_seed(5)
    return torch.cat(
        [torch.randn(1, 16, LATENTS, 4, 6, generator=random) for _ in range(chunks)], dim=2
    )


def test_without_pins_it_makes_what_the_stock_pipeline_makes(checkpoints: Path) -> None:
    wanted = a_pass(frames=66, pinned=(), guidance=3.0, **SMALL)
    ours, _, told = walked(opened(checkpoints), wanted, drawn(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stock: Any = HeliosPipeline.from_pretrained(tiny("helios", checkpoints))
    stock.scheduler = FlowGrid(stock.scheduler)
    stock.set_progress_bar_config(disable=True)
    theirs = stock(
        prompt="a boat", negative_prompt="blur", guidance_scale=3.0, height=32, width=48,
        num_frames=66, num_inference_steps=2, generator=torch.Generator().manual_seed(5),
        output_type="latent",
    ).frames  # fmt: skip
    assert ours.shape == theirs.shape == (1, 16, 18, 4, 6)
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert told == [1, 1, 1, 2]


def test_what_is_held_stays_and_what_comes_after_sees_it(checkpoints: Path) -> None:
    pipe = opened(checkpoints)
    wanted = a_pass(frames=66, pinned=(0, 20, 21, 22, 23, 24, 40), **SMALL)
    wanted.hold[:, :16, :24] = 0
    clean = FAMILY.encode(
        pipe, torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
    )
    held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, FAMILY.cells(pipe, wanted))))
    with torch.no_grad():
        done, _, _ = walked(pipe, wanted, drawn(2))
        free, _, _ = walked(pipe, a_pass(frames=66, pinned=(0,), **SMALL), drawn(2))
    assert held[0].all()
    assert held[6].all()
    assert not held[7].all()
    assert torch.equal(done[:, :, held], clean[:, :, held])
    assert not torch.allclose(done[:, :, LATENTS:][:, :, :, 2:], free[:, :, LATENTS:][:, :, :, 2:])


def test_chunks_that_are_pinned_whole_are_not_made(checkpoints: Path) -> None:
    pipe = opened(checkpoints)
    wanted = a_pass(frames=66, pinned=tuple(range(33)), **SMALL)
    done, _, told = walked(pipe, wanted, drawn(2))
    assert told == [1, 2]
    with torch.no_grad():
        clean = FAMILY.encode(
            pipe, torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
        )
    assert torch.equal(done[:, :, :LATENTS], clean[:, :, :LATENTS])


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_it_goes_on_from_any_step_of_any_chunk_with_the_same_bits(
    stop: int, checkpoints: Path
) -> None:
    pipe = opened(checkpoints)
    settings: dict[str, Any] = {**SMALL, "steps": 3}
    wanted = a_pass(frames=66, **settings)
    whole, _, _ = walked(pipe, wanted, drawn(2))
    _, left, told = walked(pipe, wanted, drawn(2), stop=stop)
    assert len(told) == stop
    again, _, rest = walked(opened(checkpoints), wanted, drawn(2), kept=left)
    assert torch.equal(again, whole)
    assert len(rest) == 6 - stop
    assert rest[-1] == 3


def test_what_is_kept_of_a_long_walk_is_kept_once_for_all_chunks(checkpoints: Path) -> None:
    settings: dict[str, Any] = {**SMALL, "steps": 6}
    wanted = a_pass(frames=99, **settings)
    _, _, told = walked(opened(checkpoints), wanted, drawn(3))
    assert told == [1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 6]


def test_pictures_come_back_by_chunks(checkpoints: Path) -> None:
    pipe, wanted = opened(checkpoints), a_pass(frames=66, **SMALL)
    cells = FAMILY.cells(pipe, wanted)
    assert [f for group in cells.frames for f in group] == list(range(66))
    with torch.no_grad():
        frames = FAMILY.decode(pipe, torch.zeros(1, 16, len(cells.frames), 4, 6))
    assert frames.shape == (66, 32, 48, 3)
    with pytest.raises(EngineFailed, match="not 34 of 48x32"):
        FAMILY.cells(pipe, a_pass(frames=34, **SMALL))


def test_its_pyramid_is_refused_by_name(checkpoints: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pyramid"
    shutil.copytree(tiny("helios", checkpoints), folder)
    path = folder / "model_index.json"
    said = json.loads(path.read_text()) | {"_class_name": "HeliosPyramidPipeline"}
    path.write_text(json.dumps(said))
    with pytest.raises(EngineFailed, match="HeliosPyramidPipeline"):
        FAMILY.open(folder, dtype=torch.float32, device="cpu", loras=())
