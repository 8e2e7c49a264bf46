"""Wan's families tell their pipelines what stock calls would be told, and more where they can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from diffusers.pipelines.wan.pipeline_wan_vace import WanVACEPipeline
from PIL import Image
from secondunit.engine import hold
from secondunit.engine.diffusion.families import wan_i2v, wan_t2v, wan_ti2v, wan_vace
from secondunit.engine.diffusion.flow_match import FlowGrid
from secondunit.errors import EngineFailed

from tests.engine.diffusion.passes import a_pass, drive
from tests.fakes.checkpoints import tiny

FAMILIES: dict[str, Any] = {
    "wan_vace": wan_vace.FAMILY,
    "wan_vace_a14b": wan_vace.FAMILY,
    "wan_t2v": wan_t2v.FAMILY,
    "wan_i2v": wan_i2v.FAMILY,
    "wan_i2v_a14b": wan_i2v.FAMILY,
    "wan_flf": wan_i2v.FAMILY,
    "wan_ti2v": wan_ti2v.FAMILY,
}


def opened(name: str, checkpoints: Path, loras: tuple[Path, ...] = ()) -> Any:
    """The pipeline of a tiny checkpoint."""
    folder = tiny(name, checkpoints)
    return FAMILIES[name].open(folder, dtype=torch.float32, device="cpu", loras=loras)


def stock(cls: Any, name: str, checkpoints: Path) -> Any:
    """What a user of diffusers would load, on the same first-order grid."""
    pipe = cls.from_pretrained(tiny(name, checkpoints), local_files_only=True)
    pipe.scheduler = FlowGrid(pipe.scheduler)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def pil(picture: np.ndarray) -> Image.Image:
    """A picture of 8 bits."""
    return Image.fromarray(np.rint(picture * 255).astype(np.uint8))


def drawn(shape: torch.Size) -> torch.Tensor:
    """The noise that `drive` starts from."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize(
    ("name", "pinned"),
    [
        ("wan_i2v", (0,)),
        ("wan_i2v_a14b", (0,)),
        ("wan_i2v_a14b", (0, 8)),
        ("wan_flf", (0, 8)),
        ("wan_ti2v", (0,)),
    ],
)
def test_first_and_last_pictures_are_told_as_the_stock_pipeline_tells_them(
    name: str, pinned: tuple[int, ...], checkpoints: Path
) -> None:
    wanted = a_pass(pinned=pinned, guidance=3.0)
    ours = drive(FAMILIES[name], opened(name, checkpoints), wanted, held=False)
    pipe = stock(WanImageToVideoPipeline, name, checkpoints)
    theirs = pipe(
        image=pil(wanted.reference[0]),
        last_image=pil(wanted.reference[-1]) if 8 in pinned else None,
        prompt="a boat", negative_prompt="blur", guidance_scale=3.0, height=64, width=96,
        num_frames=9, num_inference_steps=4, latents=drawn(ours.shape), output_type="latent",
    ).frames  # fmt: skip
    assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("name", ["wan_vace", "wan_vace_a14b"])
def test_vace_is_told_as_a_user_of_the_stock_pipeline_would(name: str, checkpoints: Path) -> None:
    picture = np.full((40, 40, 3), 0.4, np.float32)
    wanted = a_pass(pinned=(0, 8), guidance=3.0, references=(picture,))
    ours = drive(FAMILIES[name], opened(name, checkpoints), wanted, held=False)
    grey, black, white = (Image.new("RGB", (96, 64), (g, g, g)) for g in (128, 0, 255))
    generator = torch.Generator().manual_seed(7)
    clip = torch.randn(ours.shape, generator=generator)
    before = torch.randn(ours[:, :, :1].shape, generator=generator)
    pipe = stock(WanVACEPipeline, name, checkpoints)
    theirs = pipe(
        video=[pil(wanted.reference[0]), *[grey] * 7, pil(wanted.reference[8])],
        mask=[black, *[white] * 7, black], reference_images=[pil(picture)],
        prompt="a boat", negative_prompt="blur", guidance_scale=3.0, height=64, width=96,
        num_frames=9, num_inference_steps=4, latents=torch.cat([before, clip], 2),
        output_type="latent",
    ).frames[:, :, 1:]  # fmt: skip
    assert ours.shape == (1, 16, 3, 8, 12)
    # their grey is 128 of 255, ours the zero that the network takes for unknown
    assert float((ours - theirs).abs().mean()) < 0.01
    assert float((ours - theirs).abs().mean()) < 0.1 * float((ours - clip).abs().mean())


def test_white_may_change_and_what_is_unknown_is_grey() -> None:
    wanted = a_pass(pinned=(0,))
    wanted.hold[3, :, :48] = 0
    wanted.hold[4] = 0.6
    video, mask = wan_vace.told(wanted)
    assert video.shape == (1, 9, 3, 64, 96)
    assert mask.shape == (1, 9, 1, 64, 96)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert float(mask[0, 0].max()) == 0
    assert (float(mask[0, 3, 0, :, :48].max()), float(mask[0, 3, 0, :, 48:].min())) == (0, 1)
    assert float(mask[0, 4].min()) == 1
    assert np.array_equal(video[0, 0].permute(1, 2, 0).numpy(), wanted.reference[0])
    assert (video[0, 5] == 0.5).all()


def test_the_mask_channel_never_looks_at_the_first_and_the_last_frame(checkpoints: Path) -> None:
    """The reason why VACE is held there: the hold map is no luxury."""
    pipe = opened("wan_vace", checkpoints)
    blind = []
    for frame in (0, 1, 40, 79, 80):
        mask = torch.ones(1, 1, 81, 64, 96)
        mask[:, :, frame] = 0
        blind.append(bool((pipe.prepare_masks(mask, [[]]) == 1).all()))
    assert blind == [True, False, False, False, True]


def test_a_soft_keyframe_is_shown_from_half_on() -> None:
    wanted = a_pass(pinned=(0,), strengths={4: 0.5, 6: 0.4})
    _, mask = wan_vace.told(wanted)
    assert [float(mask[0, frame].max()) for frame in (4, 6)] == [0, 1]
    assert wan_i2v.told(wanted) == {0, 4}


def test_the_condition_of_image_to_video_has_the_opposite_polarity(checkpoints: Path) -> None:
    pipe = opened("wan_i2v", checkpoints)
    with torch.no_grad():
        told = wan_i2v.condition(pipe, a_pass(pinned=(0, 6)))
    assert told.shape == (1, 20, 3, 8, 12)
    mask = told[0, :4, :, 0, 0]
    assert mask.T.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]]


def test_without_a_pinned_frame_the_first_is_the_anchor_if_it_is_the_sources() -> None:
    wanted = a_pass(pinned=())
    assert wan_i2v.told(wanted) == frozenset()
    wanted.hold[:, :20] = 0
    assert wan_i2v.told(wanted) == {0}


def test_tokens_are_clean_only_where_all_their_cells_are_held(checkpoints: Path) -> None:
    pipe = opened("wan_ti2v", checkpoints)
    wanted = a_pass(pinned=(0,), height=96, width=128)
    wanted.hold[:, :, :48] = 0
    free = wan_ti2v.free(wanted, FAMILIES["wan_ti2v"].cells(pipe, wanted))
    assert free.shape == (1, 1, 3, 6, 8)
    assert float(free[0, 0, 0].max()) == 0
    assert free[0, 0, 1, 0].tolist() == [0, 0, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_pinned_stays_the_reference_to_the_last_bit_of_the_latents(
    name: str, checkpoints: Path
) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(pinned=(0, 5, 6, 7, 8), references=())
    clean = family.encode(
        pipe, torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
    )
    held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, family.cells(pipe, wanted))))
    result = drive(family, pipe, wanted)
    assert held.float().mean() == pytest.approx(2 / 3)
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
def test_pictures_come_back_in_number_and_size(name: str, checkpoints: Path) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass()
    with torch.no_grad():
        clean = family.encode(pipe, torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None])
        frames = family.decode(pipe, clean)
    cells = family.cells(pipe, wanted)
    assert frames.shape == (9, 64, 96, 3)
    assert (frames.dtype, 0 <= float(frames.min()) <= float(frames.max()) <= 1) == (
        torch.float32,
        True,
    )
    assert clean.shape[2:] == (len(cells.frames), cells.height, cells.width)
    assert [f for group in cells.frames for f in group] == list(range(9))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"frames": 30}, "30 frames are not 4k"),
        ({"width": 100}, "100x64 is no multiple of 16"),
    ],
)
def test_what_the_pipeline_would_misread_in_silence_is_refused(
    changes: dict[str, Any], said: str, checkpoints: Path
) -> None:
    pipe, wanted = opened("wan_vace", checkpoints), a_pass(**changes)
    with pytest.raises(EngineFailed, match=said):
        FAMILIES["wan_vace"].cells(pipe, wanted)


def test_a_reference_of_another_size_is_refused(checkpoints: Path) -> None:
    pipe = opened("wan_vace", checkpoints)
    wanted = a_pass(reference=np.zeros((9, 32, 48, 3), np.float32))
    with pytest.raises(EngineFailed, match="the reference is"):
        FAMILIES["wan_vace"].cells(pipe, wanted)
