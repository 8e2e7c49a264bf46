"""CogVideoX and SVD: their own schedules, walked by first order, and what they are told."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.cogvideo.pipeline_cogvideox import CogVideoXPipeline
from diffusers.pipelines.cogvideo.pipeline_cogvideox_image2video import (
    CogVideoXImageToVideoPipeline,
)
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import (
    StableVideoDiffusionPipeline,
)
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddim_cogvideox import CogVideoXDDIMScheduler
from diffusers.schedulers.scheduling_dpm_cogvideox import CogVideoXDPMScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from PIL import Image
from secondunit.engine import hold
from secondunit.engine.diffusion.families import cogvideox, svd
from secondunit.engine.diffusion.signal_grid import SignalGrid
from secondunit.engine.diffusion.steps import Told, denoised
from secondunit.errors import EngineFailed

from tests.engine.diffusion import passes
from tests.engine.diffusion.passes import a_pass
from tests.engine.keeping import PowerCut, Shelf
from tests.engine.pictures import silent
from tests.fakes.checkpoints_ltx import tiny

FAMILIES: dict[str, Any] = {
    "cogvideox": cogvideox.FAMILY,
    "cogvideox_1_5": cogvideox.FAMILY,
    "cogvideox_text": cogvideox.FAMILY,
    "svd": svd.FAMILY,
}
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


def walked(scheduler: Any, steps: int, start: torch.Tensor) -> torch.Tensor:
    """What a scheduler makes of noise with a network that answers half of what it is shown."""
    scheduler.set_timesteps(steps)
    x = start * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        x = scheduler.step(scheduler.scale_model_input(x, t) / 2, t, x).prev_sample
    return x


@pytest.mark.parametrize("steps", [4, 50])
@pytest.mark.parametrize("told", ["v_prediction", "epsilon", "sample"])
def test_the_walk_is_ddims(told: Any, steps: int) -> None:
    own = DDIMScheduler(
        prediction_type=told, timestep_spacing="trailing", clip_sample=False,
        beta_schedule="scaled_linear",
    )  # fmt: skip
    start = torch.randn(1, 4, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(
        walked(SignalGrid(own), steps, start), walked(own, steps, start), atol=2e-5
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_the_walk_is_eulers_where_the_signal_stays(checkpoints: Path) -> None:
    own = EulerDiscreteScheduler.from_pretrained(tiny("svd", checkpoints) / "scheduler")
    start = torch.randn(1, 14, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(walked(SignalGrid(own), 6, start), walked(own, 6, start), rtol=1e-4)


def test_both_schedulers_of_cogvideox_give_one_grid() -> None:
    grids = []
    for own in (CogVideoXDDIMScheduler, CogVideoXDPMScheduler):
        grid = SignalGrid(
            own(prediction_type="v_prediction", rescale_betas_zero_snr=True,
                timestep_spacing="trailing", snr_shift_scale=1.0)
        )  # fmt: skip
        grid.set_timesteps(10)
        grids.append((grid.timesteps.tolist(), list(grid.levels)))
    assert grids[0] == grids[1]
    timesteps, levels = grids[0]
    assert timesteps == list(range(999, 0, -100))
    assert (levels[0], levels[-1], len(levels)) == (1, 0, 11)
    assert levels == sorted(levels, reverse=True)


def test_a_schedule_can_begin_in_the_middle(checkpoints: Path) -> None:
    grid = opened("svd", checkpoints).scheduler
    grid.set_timesteps(5)
    whole, levels = grid.timesteps, list(grid.levels)
    grid.first = 2
    grid.set_timesteps(5)
    assert torch.equal(grid.timesteps, whole[2:])
    assert list(grid.levels) == levels
    grid.first = 5
    with pytest.raises(ValueError, match="step 5 of a schedule of 5"):
        grid.set_timesteps(5)


def test_a_flow_is_no_schedule_of_signal_and_noise() -> None:
    with pytest.raises(EngineFailed, match="FlowMatchEulerDiscreteScheduler"):
        SignalGrid(FlowMatchEulerDiscreteScheduler())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_pass_is_told_as_the_stock_pipeline_is(name: str, checkpoints: Path) -> None:
    classes: dict[str, Any] = {
        "cogvideox_text": CogVideoXPipeline,
        "svd": StableVideoDiffusionPipeline,
    }
    cls = classes.get(name, CogVideoXImageToVideoPipeline)
    pipe = opened(name, checkpoints)
    stock: Any = cls.from_pretrained(tiny(name, checkpoints), local_files_only=True)
    stock.set_progress_bar_config(disable=True)
    stock.scheduler = SignalGrid(stock.scheduler)
    for one in (pipe, stock):  # stock pipelines sample what they encode: let nothing spread
        if name != "svd":
            spread = one.vae.encoder.conv_out.conv
            with torch.no_grad():
                spread.weight[4:], spread.bias[4:] = 0, -60
    wanted = a_pass(frames=17, guidance=3.0, steps=2)
    ours = drive(FAMILIES[name], pipe, wanted, held=False).transpose(1, 2)
    generator = torch.Generator().manual_seed(7)
    drawn = torch.randn(ours.transpose(1, 2).shape, generator=generator).transpose(1, 2)
    if name == "cogvideox_1_5":  # five latent frames go in pairs
        drawn = torch.cat([torch.randn(drawn[:, :1].shape, generator=generator), drawn], dim=1)
    told: dict[str, Any] = {"guidance_scale": 3.0, "prompt": "a boat", "negative_prompt": "blur"}
    if name == "svd":
        told = {"max_guidance_scale": 3.0, "fps": 24}
    if name != "cogvideox_text":
        told["image"] = pil(wanted.reference[0])
    theirs = stock(
        height=64, width=96, num_frames=17, num_inference_steps=2, latents=drawn,
        generator=torch.Generator().manual_seed(7), output_type="latent", **told,
    ).frames  # fmt: skip
    assert torch.allclose(ours, theirs[:, -ours.shape[1] :], atol=2e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_pinned_stays_the_reference_to_the_last_bit(name: str, checkpoints: Path) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(pinned=(0, 5, 6, 7, 8))
    clean = clean_of(family, pipe, wanted)
    held = torch.from_numpy(hold.held_fully(hold.on_cells(wanted, family.cells(pipe, wanted))))
    result = drive(family, pipe, wanted)
    assert held.float().mean() > 0.5
    assert torch.equal(result[:, :, held], clean[:, :, held])
    assert not torch.allclose(result[:, :, ~held], clean[:, :, ~held], atol=0.1)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_pass_goes_on_where_it_was_left_with_the_same_bits(name: str, checkpoints: Path) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(frames=9, steps=6, guidance=2.0)
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
        assert torch.equal(run(shelf), whole)
        assert torch.equal(run(Shelf(cut_after=-1)), whole)


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_come_back_in_number_and_size(name: str, checkpoints: Path) -> None:
    pipe, family = opened(name, checkpoints), FAMILIES[name]
    wanted = a_pass(frames=9)
    with torch.no_grad():
        clean = clean_of(family, pipe, wanted)
        frames = family.decode(pipe, clean)
    cells = family.cells(pipe, wanted)
    assert (frames.shape, frames.dtype) == ((9, 64, 96, 3), torch.float32)
    assert 0 <= float(frames.min()) <= float(frames.max()) <= 1
    assert clean.shape[2:] == (len(cells.frames), cells.height, cells.width)
    assert [f for group in cells.frames for f in group] == list(range(9))


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("cogvideox", {"frames": 30}, "30 frames are not 8k"),
        ("cogvideox", {"frames": 21}, "21 frames are not 8k"),
        ("cogvideox", {"width": 104}, "104x64 is no multiple of 16"),
        ("cogvideox_5b", {}, "its weights know 64x48 only"),
        ("svd", {"width": 104}, "104x64 is no multiple of 16"),
    ],
)
def test_what_the_pipeline_would_misread_in_silence_is_refused(
    name: str, changes: dict[str, Any], said: str, checkpoints: Path
) -> None:
    family = svd.FAMILY if name == "svd" else cogvideox.FAMILY
    pipe = family.open(tiny(name, checkpoints), dtype=torch.float32, device="cpu", loras=())
    with pytest.raises(EngineFailed, match=said):
        family.cells(pipe, a_pass(**changes))


def test_loras_are_no_matter_of_svd(checkpoints: Path, tmp_path: Path) -> None:
    folder = tiny("svd", checkpoints)
    with pytest.raises(EngineFailed, match="takes no LoRAs"):
        svd.FAMILY.open(
            folder, dtype=torch.float32, device="cpu", loras=(tmp_path / "a.safetensors",)
        )
