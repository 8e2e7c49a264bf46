"""A folder of weights that is not whole, or not what it says, is an error in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from secondunit.engine.diffusion.families import wan_i2v, wan_vace
from secondunit.errors import EngineFailed

from tests.engine.diffusion.passes import a_pass, drive
from tests.fakes.checkpoints import tiny

WEIGHTS = "diffusion_pytorch_model.safetensors"


def opened(family: Any, folder: Path, *loras: Path) -> Any:
    """The pipeline of a folder."""
    return family.open(folder, dtype=torch.float32, device="cpu", loras=loras)


def changed(checkpoints: Path, tmp_path: Path, change: Callable[[Path], None]) -> Path:
    """A copy of tiny VACE that something was done to."""
    folder = tmp_path / "copy"
    shutil.copytree(tiny("wan_vace", checkpoints), folder)
    change(folder)
    return folder


def halved(folder: Path) -> None:
    """As a download that broke off leaves it."""
    path = folder / "transformer" / WEIGHTS
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def fewer(folder: Path) -> None:
    """One tensor is not there."""
    path = folder / "transformer" / WEIGHTS
    tensors = load_file(path)
    del tensors["blocks.1.attn1.to_q.weight"]
    save_file(tensors, path, {"format": "pt"})


def gone(folder: Path) -> None:
    """A component is not there."""
    shutil.rmtree(folder / "vae")


def missing_shard(folder: Path) -> None:
    """The index names two files, and one came."""
    part = folder / "transformer"
    tensors = sorted(load_file(part / WEIGHTS))
    one, two = (f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2))
    (part / WEIGHTS).rename(part / one)
    where = {key: (one, two)[n % 2] for n, key in enumerate(tensors)}
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (part / f"{WEIGHTS}.index.json").write_text(json.dumps(index))


def not_an_index(folder: Path) -> None:
    """A list where an object should be."""
    (folder / "model_index.json").write_text("[]")


def another_solver(folder: Path) -> None:
    """A scheduler of another kind of diffusion."""
    path = folder / "scheduler" / "scheduler_config.json"
    said = json.loads(path.read_text()) | {"_class_name": "DDIMScheduler"}
    path.write_text(json.dumps(said))


def code(folder: Path) -> None:
    """A network that wants to bring its own code."""
    path = folder / "text_encoder" / "config.json"
    said = json.loads(path.read_text()) | {"auto_map": {"AutoModel": "evil.Evil"}}
    path.write_text(json.dumps(said))
    (folder / "text_encoder" / "evil.py").write_text("raise SystemExit('ran')")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (halved, "Cannot load transformer"),
        (fewer, "lacks blocks.1.attn1.to_q.weight of WanVACETransformer3DModel"),
        (gone, "Cannot load vae"),
        (missing_shard, "Cannot load transformer"),
        (another_solver, "'DDIMScheduler'; this family knows UniPCMultistepScheduler"),
    ],
)
def test_a_broken_folder_is_named(
    change: Callable[[Path], None], said: str, checkpoints: Path, tmp_path: Path
) -> None:
    folder = changed(checkpoints, tmp_path, change)
    with pytest.raises(EngineFailed, match=said):
        opened(wan_vace.FAMILY, folder)


def test_an_index_that_is_none_is_named(checkpoints: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="names no pipeline"):
        opened(wan_vace.FAMILY, changed(checkpoints, tmp_path, not_an_index))


def test_code_in_a_folder_is_never_run(checkpoints: Path, tmp_path: Path) -> None:
    pipe = opened(wan_vace.FAMILY, changed(checkpoints, tmp_path, code))
    assert type(pipe.text_encoder).__name__ == "UMT5EncoderModel"


def test_the_checkpoint_of_another_family_does_not_fit(checkpoints: Path) -> None:
    with pytest.raises(EngineFailed, match=r"WanVACETransformer3DModel|Cannot load transformer"):
        opened(wan_vace.FAMILY, tiny("wan_i2v_a14b", checkpoints))


def lora(path: Path, network: Any, *, layers: str = "attn1.to_q", size: float = 1.0) -> Path:
    """A LoRA of rank 2 over some layers of a network, in the names that diffusers writes."""
    random = torch.Generator().manual_seed(1)
    tensors = {}
    for name, layer in network.named_modules():
        if name.startswith("blocks") and name.endswith(layers):
            rows, columns = layer.weight.shape
            tensors[f"transformer.{name}.lora_A.weight"] = torch.randn(2, columns, generator=random)
            tensors[f"transformer.{name}.lora_B.weight"] = size * torch.randn(
                rows, 2, generator=random
            )
    save_file(tensors, path)
    return path


def test_a_lora_changes_what_is_made_and_takes_the_steps_it_was_taught(
    checkpoints: Path, tmp_path: Path
) -> None:
    plain = opened(wan_vace.FAMILY, tiny("wan_vace", checkpoints))
    path = lora(tmp_path / "few.safetensors", plain.transformer)
    pipe = opened(wan_vace.FAMILY, tiny("wan_vace", checkpoints), path)
    wanted = a_pass(frames=5)
    assert not torch.allclose(
        drive(wan_vace.FAMILY, pipe, wanted), drive(wan_vace.FAMILY, plain, wanted), atol=1e-3
    )
    assert pipe.scheduler.levels[1] == pytest.approx(0.9375)
    assert plain.scheduler.levels[1] != pytest.approx(0.9375, abs=1e-3)


def test_of_a_pair_the_first_is_for_high_noise_and_the_second_for_low(
    checkpoints: Path, tmp_path: Path
) -> None:
    folder = tiny("wan_i2v_a14b", checkpoints)
    network = opened(wan_i2v.FAMILY, folder).transformer
    style = lora(tmp_path / "style.safetensors", network, layers="attn1.to_k")
    high, low = (lora(tmp_path / f"{n}.safetensors", network, size=n) for n in (1.0, 2.0))
    pipe = opened(wan_i2v.FAMILY, folder, style, high, low)
    one, two = (
        {name.split(".lora_B.")[1] for name, _ in part.named_parameters() if ".lora_B." in name}
        for part in (pipe.transformer, pipe.transformer_2)
    )
    assert one == {"lora0.weight", "lora1.weight"}
    assert two == {"lora0.weight", "lora2.weight"}


def test_a_lora_of_another_model_is_refused_with_its_keys(
    checkpoints: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ltx.safetensors"
    name = "transformer.transformer_blocks.0.attn1.to_q"
    save_file(
        {f"{name}.lora_A.weight": torch.zeros(2, 24), f"{name}.lora_B.weight": torch.zeros(24, 2)},
        path,
    )
    with pytest.raises(
        EngineFailed, match=r"ltx.safetensors is of another model.*transformer_blocks.0"
    ):
        opened(wan_vace.FAMILY, tiny("wan_vace", checkpoints), path)
    size = {"transformer.blocks.0.attn1.to_q.lora_A.weight": torch.zeros(2, 5120)}
    save_file(size, path)
    with pytest.raises(EngineFailed, match=r"blocks\.0\.attn1\.to_q\.lora_A\.weight have no place"):
        opened(wan_vace.FAMILY, tiny("wan_vace", checkpoints), path)


def test_a_lora_that_is_a_pickle_is_not_opened(checkpoints: Path, tmp_path: Path) -> None:
    path = tmp_path / "lora.bin"
    torch.save({}, path)
    with pytest.raises(EngineFailed, match=r"from \.safetensors files only"):
        opened(wan_vace.FAMILY, tiny("wan_vace", checkpoints), path)
