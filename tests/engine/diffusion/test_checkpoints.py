"""The tiny checkpoints stand in for real ones: their indices and configs say the same things."""

import json
from pathlib import Path

import pytest

from tests.fakes.checkpoints import tiny

SAID = {
    "wan_vace": ("WanVACEPipeline", None, {"vace_layers": [0, 2], "in_channels": 16}),
    "wan_vace_a14b": ("WanVACEPipeline", 0.875, {"vace_in_channels": 96}),
    "wan_t2v": ("WanPipeline", None, {"in_channels": 16}),
    "wan_i2v": ("WanImageToVideoPipeline", None, {"in_channels": 36, "pos_embed_seq_len": None}),
    "wan_i2v_a14b": ("WanImageToVideoPipeline", 0.9, {"in_channels": 36, "image_dim": None}),
    "wan_flf": ("WanImageToVideoPipeline", None, {"pos_embed_seq_len": 34}),
    "wan_ti2v": ("WanPipeline", None, {"in_channels": 48}),
    "helios": ("HeliosPipeline", None, {"is_amplify_history": True}),
}


@pytest.mark.parametrize("family", SAID)
def test_a_tiny_checkpoint_has_the_layout_of_a_real_one(family: str, checkpoints: Path) -> None:
    name, boundary, config = SAID[family]
    folder = tiny(family, checkpoints)
    index = json.loads((folder / "model_index.json").read_text())
    assert index["_class_name"] == name
    assert index.get("boundary_ratio") == boundary
    assert bool(index.get("expand_timesteps")) == (family == "wan_ti2v")
    told = json.loads((folder / "transformer" / "config.json").read_text())
    assert {key: told[key] for key in config} == config
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 1_000_000
