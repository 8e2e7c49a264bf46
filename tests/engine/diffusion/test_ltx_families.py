"""LTX and LTX-2 tell their pipelines what stock calls would be told, and more where they can."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXConditionPipeline, LTXVideoCondition
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import (
    LTX2ConditionPipeline,
    LTX2VideoCondition,
)
from PIL import Image
from secondunit.engine import hold
from secondunit.engine.diffusion import tokens
from secondunit.engine.diffusion.families import ltx, ltx2
from secondunit.engine.diffusion.flow_match import FlowGrid
from secondunit.engine.diffusion.steps import Told, denoised
from secondunit.errors import EngineFailed

from tests.engine.diffusion import passes
from tests.engine.diffusion.passes import a_pass
from tests.engine.keeping import PowerCut, Shelf
from tests.engine.pictures import silent
from tests.fakes.checkpoints_ltx import tiny

FAMILIES: dict[str, Any] = {"ltx": ltx.FAMILY, "ltx_0_9_8": ltx.FAMILY, "ltx2": ltx2.FAMILY}
FRAMES = 17
drive = functools.partial(passes.drive, packed=True)


def opened(name: str, checkpoints: Path) -> Any:
    """The pipeline of a tiny checkpoint."""
    folder = tiny(name, checkpoints)
    return FAMILIES[name].open(folder, dtype=torch.float32, device="cpu", loras=())


def clean_of(family: Any, pipe: Any, wanted: Any) -> torch.Tensor:
    """The reference on the grid."""
    video = torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
    with torch.no_grad():
        return family.encode(pipe, video)


def pil(picture: np.ndarray) -> Image.Image:
    """A picture of 8 bits."""
    return Image.fromarray(np.rint(picture * 255).astype(np.uint8))


def test_ltx_is_told_of_a_first_picture_as_the_stock_pipeline_is(checkpoints: Path) -> None:
    wanted = a_pass(frames=FRAMES, pinned=(0,), guidance=3.0)
    pipe = opened("ltx", checkpoints)
    stock: Any = LTXConditionPipeline.from_pretrained(
        tiny("ltx", checkpoints), local_files_only=True
    )
    stock.set_progress_bar_config(disable=True)
    stock.scheduler = FlowGrid(stock.scheduler)
    for one in (pipe, stock):  # the stock pipeline samples what it encodes: let nothing spread
        spread = one.vae.encoder.conv_out.conv
        with torch.no_grad():
            spread.weight[-1], spread.bias[-1] = 0, -60
    ours = drive(ltx.FAMILY, pipe, wanted)
    told = ltx.FAMILY.arguments(pipe, wanted, ours, ours, ours, None, torch.Generator())
    theirs = stock(
        conditions=[LTXVideoCondition(image=pil(wanted.reference[0]))],
        prompt="a boat", negative_prompt="blur", guidance_scale=3.0, height=64, width=96,
        num_frames=FRAMES, frame_rate=24, num_inference_steps=4, timesteps=told["timesteps"],
        image_cond_noise_scale=0, generator=torch.Generator().manual_seed(7), output_type="latent",
    ).frames  # fmt: skip
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_ltx_2_is_told_of_a_first_picture_as_the_stock_pipeline_is(checkpoints: Path) -> None:
    wanted = a_pass(frames=FRAMES, pinned=(0,), guidance=3.0)
    pipe = opened("ltx2", checkpoints)
    ours = drive(ltx2.FAMILY, pipe, wanted)
    folder = tiny("ltx2", checkpoints)
    stock: Any = LTX2ConditionPipeline.from_pretrained(folder, local_files_only=True)
    stock.set_progress_bar_config(disable=True)
    drawn = torch.randn(ours.shape, generator=torch.Generator().manual_seed(7))
    given = ltx2.FAMILY.arguments(pipe, wanted, ours, ours, ours, None, torch.Generator())
    stock.scheduler = FlowGrid(stock.scheduler)
    theirs = stock(
        conditions=[LTX2VideoCondition(frames=pil(wanted.reference[0]), index=0, crf=0)],
        prompt="a boat", negative_prompt="blur", num_inference_steps=4, noise_scale=0.0,
        latents=stock._denormalize_latents(
            drawn, stock.vae.latents_mean, stock.vae.latents_std, stock.vae.config.scaling_factor
        ),
        output_type="latent", **dict(given) | {"generator": torch.Generator().manual_seed(7)},
    ).frames  # fmt: skip
    theirs = stock._normalize_latents(theirs, stock.vae.latents_mean, stock.vae.latents_std)
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_pin_in_the_midst_stands_at_its_own_frame_before_the_grid(checkpoints: Path) -> None:
    pipe = opened("ltx", checkpoints)
    wanted = a_pass(frames=FRAMES, pinned=(0, 13))
    drive(ltx.FAMILY, pipe, wanted)
    latents, mask, places, keys = pipe.prepare_latents(
        device=torch.device("cpu"), dtype=torch.float32
    )
    assert (keys, latents.shape[1]) == (6, 6 + 18)
    assert set(places[0, 0, :6].tolist()) == {13}
    assert places[0, 0, 6:].unique().tolist() == [0, 1, 9]
    assert mask[0, :12].tolist() == [1.0] * 12  # the key picture, and the first frame of the grid
    assert float(mask[0, 12:].max()) < 1
    picture = torch.from_numpy(wanted.reference[13]).permute(2, 0, 1)[None, :, None] * 2 - 1
    with torch.no_grad():
        key = ltx.FAMILY.encode(pipe, picture)
    assert torch.equal(latents[:, :6], pipe._packed(key))


def test_the_last_frame_of_ltx_2_is_the_last_frame(checkpoints: Path) -> None:
    pipe = opened("ltx2", checkpoints)
    wanted = a_pass(frames=FRAMES, pinned=(0, 16))
    drive(ltx2.FAMILY, pipe, wanted)
    latents, mask, clean, places = pipe.prepare_latents(
        frame_rate=24, device=torch.device("cpu"), dtype=torch.float32
    )
    assert latents.shape[1] == 18 + 6
    assert torch.allclose(places[0, 0] * 24, torch.tensor([16.0, 17.0]))
    assert mask[0, :, 0].tolist() == [1.0] * 6 + [0.0] * 12 + [1.0] * 6
    assert torch.equal(latents[:, 18:], clean[:, 18:])


def test_only_pins_beside_free_frames_get_tokens_of_their_own(checkpoints: Path) -> None:
    pipe = opened("ltx", checkpoints)
    wanted = a_pass(frames=25, pinned=(0, *range(1, 12), 20), strengths={22: 0.5})
    cells = ltx.FAMILY.cells(pipe, wanted)
    assert tokens.key_frames(wanted, cells) == {11: 1.0, 20: 1.0, 22: 0.5}


def test_what_is_held_is_less_noisy_than_the_step_until_it_is_let_go() -> None:
    sigmas = torch.tensor([1.0, 0.9, 0.6, 0.2, 0.0])
    levels = torch.tensor([0.0, 0.1, 0.6, 0.7, 0.95, 1.0])
    released = ltx.released_at(levels, sigmas)
    assert released.tolist() == pytest.approx([0, 0.2, 0.6, 0.9, 1, 1])


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_pinned_stays_the_reference_to_the_last_bit_at_every_step(
    name: str, checkpoints: Path
) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(frames=FRAMES, pinned=(0, *range(9, 17)), strengths={4: 0.5})
    wanted.hold[:, :, :32] = 0  # a column of cells
    clean = clean_of(family, pipe, wanted)
    held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, family.cells(pipe, wanted))))
    assert held.sum() == 14
    off = []
    result = drive(
        family, pipe, wanted,
        seen=lambda step, grid: off.append(float((grid - clean)[:, :, held].abs().max())),
    )  # fmt: skip
    assert off == [0.0] * 4
    assert torch.equal(result[:, :, held], clean[:, :, held])
    assert not torch.allclose(result[:, :, ~held], clean[:, :, ~held], atol=0.1)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_gives_the_same_bits_and_another_others(name: str, checkpoints: Path) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    one, two = (drive(family, pipe, a_pass(steps=2)) for _ in range(2))
    other = drive(family, pipe, a_pass(steps=2, seed=8))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_pass_goes_on_with_its_key_pictures_and_its_sound_where_it_was_left(
    name: str, checkpoints: Path
) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(frames=FRAMES, pinned=(0, 12), strengths={6: 0.5}, steps=8, guidance=2.0)
    clean = clean_of(family, pipe, wanted)

    def run(shelf: Shelf) -> torch.Tensor:
        generator = torch.Generator().manual_seed(wanted.seed)
        told = Told(
            wanted=wanted,
            words=family.words(pipe, wanted),
            clean=clean,
            noise=family.noise(pipe, clean, generator),
            levels=hold.on_cells(wanted, family.cells(pipe, wanted)),
        )
        return denoised(pipe, family, told, generator=generator, progress=silent, keep=shelf)[0]

    with torch.no_grad():
        whole = run(Shelf(cut_after=-1))
        shelf = Shelf(cut_after=1)
        with pytest.raises(PowerCut):
            run(shelf)
        assert int(shelf.things["latents"]["done"]) == 4
        assert "beside-tokens" in shelf.things["latents"]
        assert ("beside-sound" in shelf.things["latents"]) == (name == "ltx2")
        assert torch.equal(run(shelf), whole)
        for lost in [key for key in shelf.things["latents"] if key.startswith("beside")]:
            less = {k: v for k, v in shelf.things["latents"].items() if k != lost}
            less["done"] = np.array(4)
            forgetful = Shelf(cut_after=-1, things={"latents": less})
            assert not torch.equal(run(forgetful), whole), f"{lost} is kept for nothing"


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_come_back_in_number_and_size(name: str, checkpoints: Path) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(frames=FRAMES)
    with torch.no_grad():
        clean = clean_of(family, pipe, wanted)
        one, two = (family.decode(pipe, clean) for _ in range(2))
    cells = family.cells(pipe, wanted)
    assert (one.shape, one.dtype) == ((FRAMES, 64, 96, 3), torch.float32)
    assert 0 <= float(one.min()) <= float(one.max()) <= 1
    assert torch.equal(one, two)
    assert clean.shape[2:] == (len(cells.frames), cells.height, cells.width)
    assert [f for group in cells.frames for f in group] == list(range(FRAMES))


def test_sound_is_not_loaded_beyond_its_latents(checkpoints: Path) -> None:
    assert opened("ltx2", checkpoints).vocoder is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frames": 40}, "40 frames are not 8k"),
        ({"width": 112}, "112x64 is no multiple of 32"),
        ({"strengths": {9: 0.5, -1: 0.5}}, r"pictures at \[-1, 9\] lie outside its 9 frames"),
        ({"reference": np.zeros((9, 32, 48, 3), np.float32)}, "the reference is"),
    ],
)
@pytest.mark.parametrize("name", ["ltx", "ltx2"])
def test_what_the_pipeline_would_floor_or_leave_out_in_silence_is_refused(
    name: str, changes: dict[str, Any], said: str, checkpoints: Path
) -> None:
    pipe = opened(name, checkpoints)
    with pytest.raises(EngineFailed, match=said):
        FAMILIES[name].cells(pipe, a_pass(**changes))
