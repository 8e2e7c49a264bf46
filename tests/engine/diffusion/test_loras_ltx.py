"""LoRAs over LTX, LTX-2 and CogVideoX: local files, over the network that they were made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES
from safetensors.torch import save_file
from secondunit.engine.diffusion.families import cogvideox, ltx, ltx2
from secondunit.errors import EngineFailed

from tests.engine.diffusion.passes import a_pass, drive
from tests.fakes.checkpoints_ltx import tiny

FAMILIES: dict[str, Any] = {
    "ltx": ltx.FAMILY,
    "ltx2": ltx2.FAMILY,
    "cogvideox": cogvideox.FAMILY,
}


def opened(name: str, checkpoints: Path, *loras: Path) -> Any:
    """The pipeline of a tiny checkpoint with files laid over it."""
    folder = tiny(name, checkpoints)
    return FAMILIES[name].open(folder, dtype=torch.float32, device="cpu", loras=loras)


def lora(path: Path, network: Any) -> Path:
    """A LoRA of rank 2 over the queries of a network, in the names that diffusers writes."""
    random, tensors = torch.Generator().manual_seed(1), {}
    for name, layer in network.named_modules():
        if name.endswith("attn1.to_q"):
            rows, columns = layer.weight.shape
            tensors[f"transformer.{name}.lora_A.weight"] = torch.randn(2, columns, generator=random)
            tensors[f"transformer.{name}.lora_B.weight"] = torch.randn(rows, 2, generator=random)
    save_file(tensors, path)
    return path


@pytest.mark.parametrize("name", FAMILIES)
def test_a_lora_changes_what_is_made(name: str, checkpoints: Path, tmp_path: Path) -> None:
    plain = opened(name, checkpoints)
    path = lora(tmp_path / "style.safetensors", plain.transformer)
    wanted = a_pass(frames=17, steps=2)
    without = drive(FAMILIES[name], plain, wanted, packed=True)
    over = drive(FAMILIES[name], opened(name, checkpoints, path), wanted, packed=True)
    assert not torch.allclose(without, over, atol=1e-3)


def test_few_step_weights_of_ltx_2_take_the_levels_they_were_taught(
    checkpoints: Path, tmp_path: Path
) -> None:
    plain = opened("ltx2", checkpoints)
    path = lora(tmp_path / "few.safetensors", plain.transformer)
    pipe = opened("ltx2", checkpoints, path)
    for one in (plain, pipe):
        drive(ltx2.FAMILY, one, a_pass(frames=9, steps=8), packed=True)
    assert pipe.scheduler.levels == pytest.approx([*DISTILLED_SIGMA_VALUES, 0])
    assert pipe.audio_scheduler.levels == pipe.scheduler.levels
    assert plain.scheduler.levels[1] < 0.98


@pytest.mark.parametrize(("name", "other"), [("ltx", "ltx2"), ("ltx2", "cogvideox")])
def test_a_lora_of_another_family_is_refused(
    name: str, other: str, checkpoints: Path, tmp_path: Path
) -> None:
    path = lora(tmp_path / "other.safetensors", opened(other, checkpoints).transformer)
    with pytest.raises(EngineFailed, match=r"other\.safetensors is of another model"):
        opened(name, checkpoints, path)
