"""Checkpoints as rows: class and abilities from their own files, and all that keeps one out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from secondunit.catalog.checkpoint import read
from secondunit.catalog.loras import Lora
from secondunit.errors import Refused
from secondunit.units import Operation

from tests.fakes import checkpoints as wan
from tests.fakes import checkpoints_ltx as ltx
from tests.fakes.pipeline_folder import NETWORK, lora, safetensors, vace

WAN_FRAMES, LTX_FRAMES = (4, 1, 81), (8, 1, 257)
ABLE = {
    # name: family, keyframes, (step, offset, longest), multiple, held, reads words
    "wan_vace": ("wan_vace", "any", WAN_FRAMES, 16, True, True),
    "wan_i2v": ("wan_i2v", "first", WAN_FRAMES, 16, True, True),
    "wan_i2v_a14b": ("wan_i2v", "first_last", WAN_FRAMES, 16, True, True),
    "wan_flf": ("wan_i2v", "first_last", WAN_FRAMES, 16, True, True),
    "wan_ti2v": ("wan_ti2v", None, (4, 1, 121), 32, True, True),
    "helios": ("helios", "first", (33, 0, 1452), 16, True, True),
    "ltx": ("ltx", "any", LTX_FRAMES, 32, True, True),
    "ltx2": ("ltx2", "any", LTX_FRAMES, 32, True, True),
    "cogvideox_text": ("cogvideox", "none", None, 16, True, True),
    "cogvideox": ("cogvideox", "first", None, 16, True, True),
    "svd": ("svd", "first", None, None, True, False),
    "hunyuan_1_5": ("generic", None, None, 16, False, True),
}


@pytest.mark.parametrize("name", ABLE)
def test_what_a_checkpoint_can_do_is_read_from_its_own_files(name: str, checkpoints: Path) -> None:
    family, keyframes, frames, multiple, held, words = ABLE[name]
    maker = wan if name.startswith(("wan", "helios")) else ltx
    row = read(maker.tiny(name, checkpoints), "mine")
    assert (row.name, row.family, row.held, row.prompt) == ("mine", family, held, words)
    assert keyframes in (None, row.keyframes)
    assert frames in (None, (row.frame_step, row.frame_offset, row.longest))
    assert multiple in (None, row.size_multiple)
    assert (row.longest - row.frame_offset) % row.frame_step == 0
    assert [tier.name for tier in row.tiers] == ["draft", "fast", "full"]
    assert row.memory_mib > 0 and min(row.pace) > 0
    assert (Operation.GENERATE in row.operations) == bool(row.words or row.references)
    assert (Operation.BRIDGE in row.operations) == held
    assert Operation.RETIME not in row.operations


def test_weights_whose_places_were_learnt_know_one_size_and_one_count(checkpoints: Path) -> None:
    row = read(ltx.tiny("cogvideox_5b", checkpoints), "x")
    assert (row.only_size, row.frame_step, row.frame_offset, row.longest) == ((64, 48), 8, 1, 9)
    assert read(ltx.tiny("cogvideox", checkpoints), "x").only_size == (0, 0)


def test_nothing_is_guessed_from_the_name_of_the_folder(tmp_path: Path) -> None:
    assert read(vace(tmp_path / "LTX-2-HunyuanVideo"), "x").family == "wan_vace"


def test_parameters_are_counted_and_cost_follows_them(tmp_path: Path) -> None:
    small, large = vace(tmp_path / "small"), vace(tmp_path / "large")
    safetensors(large / "transformer" / "diffusion_pytorch_model.safetensors",
                NETWORK | {"blocks.0.more.weight": (4096, 4096)}, kind="BF16")  # fmt: skip
    few, many = read(small, "few"), read(large, "many")
    assert 32 <= many.memory_mib - few.memory_mib <= 33  # two bytes a parameter
    assert many.pace[1] > few.pace[1]


def test_a_few_step_lora_makes_the_quick_tiers_and_leaves_the_full_one(tmp_path: Path) -> None:
    quick, style = lora(tmp_path / "quick.safetensors"), lora(tmp_path / "style.safetensors")
    row = read(vace(tmp_path / "c"), "x", (Lora(path=quick, steps=4), Lora(path=style)))
    tiers = {t.name: (t.steps, t.guidance, t.loras) for t in row.tiers}
    assert tiers["draft"] == (4, 1.0, (style, quick))
    assert tiers["fast"] == (8, 1.0, (style, quick))
    assert tiers["full"] == (40, 5.0, (style,))


def _gone(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _written(name: str, text: str) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return write


def _cut(folder: Path) -> None:
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-7])


def _quantised(folder: Path) -> None:
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    safetensors(file, {"blocks.0.attn1.to_q.weight": (512, 512)}, kind="I8")


def _linked_out(folder: Path) -> None:
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.rename(folder.parent / "blob")
    file.symlink_to(folder.parent / "blob")


def _sharded(names: dict[str, str]) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        home = folder / "transformer"
        (home / "diffusion_pytorch_model.safetensors").unlink()
        safetensors(home / "one-00001-of-00002.safetensors", {"a.weight": (2, 2)})
        index = home / "diffusion_pytorch_model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": names}))

    return write


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "no index": (_gone("model_index.json"), "not the folder of a diffusers pipeline"),
    "index no JSON": (_written("model_index.json", "{"), "is no JSON @ model_index.json"),
    "deep JSON": (_written("model_index.json", "[" * 100_000), "is no JSON"),
    "pickle": (_written("vae/pytorch_model.bin", "x"), "a pickle, .* @ vae/pytorch_model.bin"),
    "code": (_written("transformer/model.py", ""), "code in a checkpoint is not run"),
    "auto_map": (_written("vae/config.json", '{"auto_map": {"AutoModel": "m.M"}}'),
                 "'auto_map': it wants to run code of its own"),
    "link": (_linked_out, "a link that leads out of the folder"),
    "half": (_gone("transformer/diffusion_pytorch_model.safetensors"), "half a download @ transf"),
    "cut": (_cut, "was not copied whole @ vae/"),
    "quantised": (_quantised, "weights in I8, which need a quantiser"),
    "shard": (_sharded({"a.weight": "one-00001-of-00002.safetensors",
                        "b.weight": "one-00002-of-00002.safetensors"}),
              "1 of 2 shards are not there, first 'one-00002-of-00002"),
    "wrong shard": (_sharded({"b.weight": "one-00001-of-00002.safetensors"}), "a wrong shard"),
    "slip": (_sharded({"b.weight": "../../x.safetensors"}), "is no name of a shard"),
    "no header": (_written("vae/diffusion_pytorch_model.safetensors", "hello, world"),
                  "is no safetensors file"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_loaded_safely_and_whole_is_refused(case: str, tmp_path: Path) -> None:
    spoil, says = WRONG[case]
    folder = vace(tmp_path / "checkpoint")
    spoil(folder)
    with pytest.raises(Refused, match=says):
        read(folder, "mine")


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ({"_class_name": ["my_module", "MyPipeline"]}, "one that brings code of its own"),
        ({"_class_name": "os.system"}, "is no pipeline of diffusers"),
        ({"vae": ["my_vae", "MyVAE"]}, "neither of diffusers nor of transformers"),
        ({"_class_name": "StableDiffusionPipeline", "vae": ["diffusers", "AutoencoderKL"]},
         "makes no video that this version knows of"),
        ({"vae": [None, None]}, "a WanVACEPipeline has a vae"),
        ({"image_encoder": ["transformers", "CLIPVisionModel"]}, "folder is not there: half a"),
    ],
)  # fmt: skip
def test_a_pipeline_that_wants_what_is_not_known_is_refused(
    index: dict[str, object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=says):
        read(vace(tmp_path / "checkpoint", **index), "mine")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = vace(tmp_path / "checkpoint")
    _cut(folder)
    _written("vae/pytorch_model.bin", "x")(folder)
    _gone("text_encoder/model.safetensors")(folder)
    with pytest.raises(Refused) as caught:
        read(folder, "mine")
    assert {re.split(r"[/ ]", fault.path)[0] for fault in caught.value.faults} == {
        "vae", "text_encoder",
    }  # fmt: skip
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("layer", "size", "says"),
    [
        ("transformer_blocks.0.attn1.to_q", (32, 32), "is for another family"),
        ("blocks.0.attn1.to_q", (5120, 5120), "is for a model of another size: .* 5120x5120"),
    ],
)
def test_a_lora_for_another_model_is_refused(
    layer: str, size: tuple[int, int], says: str, tmp_path: Path
) -> None:
    other = lora(tmp_path / "other.safetensors", layer, size)
    with pytest.raises(Refused, match=says):
        read(vace(tmp_path / "c"), "x", (Lora(path=other, steps=4),))


def test_a_lora_that_is_none_is_refused(tmp_path: Path) -> None:
    none = safetensors(tmp_path / "none.safetensors", {"weight": (2, 2)})
    half = safetensors(tmp_path / "half.safetensors", {"blocks.0.q.lora_A.weight": (2, 32)})
    pickle = tmp_path / "lora.pt"
    pickle.write_bytes(b"x")
    with pytest.raises(Refused) as caught:
        read(vace(tmp_path / "c"), "x", tuple(Lora(path=p) for p in (none, half, pickle)))
    text = str(caught.value)
    for says in ("holds no LoRA", "lacks half of its weights", "others may run code"):
        assert says in text


def test_a_folder_that_holds_something_else_than_files_is_refused(tmp_path: Path) -> None:
    folder = vace(tmp_path / "checkpoint")
    os.mkfifo(folder / "vae" / "pipe.json")
    with pytest.raises(Refused, match="is no ordinary file"):
        read(folder, "mine")
