"""A video pipeline that no family is written for gives pictures, and what is pinned is put back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from secondunit.engine.diffusion import ladder
from secondunit.engine.diffusion.families.generic import FAMILY, Plain
from secondunit.errors import EngineFailed

from tests.engine.diffusion.passes import a_pass
from tests.fakes.checkpoints_ltx import tiny

NAMES = ("allegro", "hunyuan_1_5")
FRAMES = {"allegro": 8, "hunyuan_1_5": 9}


def opened(folder: Path) -> Any:
    """The pipeline of a tiny checkpoint, decoding in tiles as the engine has it."""
    pipe = FAMILY.open(folder, dtype=torch.float32, device="cpu", loras=())
    ladder.settled(pipe, ladder.RUNGS[0], "cpu")
    return pipe


def drive(pipe: Any, wanted: Any, stop: int = 0) -> tuple[torch.Tensor, list[int]]:
    """The pictures `b c f h w`, and the steps that were told of."""
    clean = torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
    noise, seen, last = FAMILY.noise(pipe, clean, torch.Generator()), [], clean

    def after(_: Any, index: int, time: Any, given: dict[str, Any]) -> dict[str, Any]:
        nonlocal last
        seen.append(index)
        if len(seen) == stop:
            raise InterruptedError
        last = given["latents"]
        return given

    told = FAMILY.arguments(pipe, wanted, clean, noise, clean, None, torch.Generator())
    pipe(**told, num_inference_steps=wanted.steps, output_type="latent", callback_on_step_end=after)
    return last, seen


def copied(name: str, checkpoints: Path, target: Path, **changes: Any) -> Path:
    """A checkpoint whose index says something else."""
    folder = target / name
    shutil.copytree(tiny(name, checkpoints), folder)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | changes))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_its_pictures_come_in_number_and_size_and_by_their_seed(
    name: str, checkpoints: Path
) -> None:
    pipe = opened(tiny(name, checkpoints))
    wanted = a_pass(frames=FRAMES[name], steps=2)
    made, _ = drive(pipe, wanted)
    assert made.shape == (1, 3, FRAMES[name], 64, 96)
    assert torch.equal(drive(pipe, wanted)[0], made)
    pictures = FAMILY.decode(pipe, made)
    assert (pictures.shape, pictures.dtype) == ((FRAMES[name], 64, 96, 3), torch.float32)
    assert not np.allclose(pictures, wanted.reference, atol=0.05)


def test_the_pictures_are_their_own_grid(checkpoints: Path) -> None:
    pipe, wanted = opened(tiny("allegro", checkpoints)), a_pass(frames=8)
    cells = FAMILY.cells(pipe, wanted)
    assert (len(cells.frames), cells.height, cells.width) == (8, 64, 96)
    video = torch.from_numpy(wanted.reference).permute(3, 0, 1, 2)[None] * 2 - 1
    again = FAMILY.decode(pipe, FAMILY.encode(pipe, video))
    assert np.allclose(again, wanted.reference, atol=1e-6)


def test_it_can_be_stopped_where_it_tells_of_its_steps(checkpoints: Path) -> None:
    pipe = opened(tiny("allegro", checkpoints))
    wanted = a_pass(frames=8, steps=3)
    assert drive(pipe, wanted)[1] == [0, 1, 2]
    with pytest.raises(InterruptedError):
        drive(pipe, wanted, stop=1)
    silent = opened(tiny("hunyuan_1_5", checkpoints))
    assert drive(silent, a_pass(frames=9, steps=3))[1] == [2]


def test_a_pass_that_was_left_begins_again_and_counts_on(checkpoints: Path) -> None:
    pipe = opened(tiny("allegro", checkpoints))
    wanted = a_pass(frames=8, steps=3)
    whole, _ = drive(pipe, wanted)
    pipe.scheduler.first = 2
    again, counted = drive(pipe, wanted)
    assert torch.equal(again, whole)
    assert counted == [-2, -1, 0]


def test_a_first_picture_is_given_to_those_that_take_one(checkpoints: Path) -> None:
    pipe = opened(tiny("cogvideox", checkpoints))
    one = drive(pipe, a_pass(steps=2))[0]
    other = a_pass(steps=2)
    other.reference[0] = 0
    assert not torch.equal(drive(pipe, other)[0], one)


def test_too_few_pictures_are_a_failure_in_words(checkpoints: Path) -> None:
    pipe = opened(tiny("hunyuan_1_5", checkpoints))
    with pytest.raises(EngineFailed, match=r"HunyuanVideo15Pipeline made pictures .* 12 frames"):
        drive(pipe, a_pass(frames=12, steps=1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"_class_name": "NoSuchPipeline"}, "NoSuchPipeline of diffusers"),
        ({"_class_name": ["pipeline", "MyPipeline"]}, "code that a checkpoint brings is not run"),
        ({"_class_name": "AllegroTransformer3DModel"}, "which is no pipeline"),
        ({"transformer": ["model", "MyTransformer"]}, "MyTransformer of model"),
        ({"transformer": ["os", "PathLike"]}, "PathLike of os"),
        ({"vae": [None, None]}, "lacks vae of a AllegroPipeline"),
    ],
)
def test_a_folder_with_code_of_its_own_is_refused(
    changes: dict[str, Any], said: str, checkpoints: Path, tmp_path: Path
) -> None:
    folder = copied("allegro", checkpoints, tmp_path, **changes)
    with pytest.raises(EngineFailed, match=said):
        opened(folder)


def test_a_pipeline_that_needs_what_nobody_can_give_is_refused() -> None:
    class Editor:
        def __call__(self, video: Any, mask_video: Any, prompt: str, num_frames: int = 9) -> None:
            """Needs a video."""

    class Painter:
        def __call__(self, prompt: str, output_type: str = "pil") -> None:
            """Makes one picture."""

    with pytest.raises(EngineFailed, match="Editor cannot be called without mask_video, video"):
        Plain(Editor())
    with pytest.raises(EngineFailed, match="Painter takes no count of frames"):
        Plain(Painter())


def test_loras_need_a_family(checkpoints: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="LoRAs of a AllegroPipeline"):
        FAMILY.open(
            tiny("allegro", checkpoints),
            dtype=torch.float32,
            device="cpu",
            loras=(tmp_path / "a.safetensors",),
        )
