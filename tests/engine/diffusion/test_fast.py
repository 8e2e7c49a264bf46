"""Reused steps: counted where they are right, refused where diffusers makes them wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.hooks.first_block_cache import FirstBlockCacheConfig
from secondunit.engine.diffusion import fast, ladder
from secondunit.engine.diffusion.families.wan_i2v import FAMILY as I2V
from secondunit.engine.diffusion.families.wan_vace import FAMILY as VACE
from secondunit.engine.diffusion.record import Record
from secondunit.engine.diffusion.run import Runner
from secondunit.engine.engine import UNKEPT, unseen

from tests.engine.diffusion.passes import a_pass
from tests.engine.pictures import silent
from tests.fakes.checkpoints import tiny
from tests.fakes.family import readable_pipeline


def opened(family: Any, folder: Path) -> Any:
    return family.open(folder, dtype=torch.float32, device="cpu", loras=())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fast")


def asked_twice(network: Any, **given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same question, computed and then reused."""
    with torch.no_grad():
        network.enable_cache(FirstBlockCacheConfig(threshold=0.5))
        with network.cache_context("cond"):
            first = network(return_dict=False, **given)[0].clone()
            second = network(return_dict=False, **given)[0]
        network.disable_cache()
    return first, second


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def test_diffusers_adds_the_hints_of_vace_twice_on_a_reused_step(folder: Path) -> None:
    """The reason for the refusal; when this fails, diffusers has been mended."""
    network = opened(VACE, tiny("wan_vace", folder)).transformer
    config = network.config
    first, second = asked_twice(
        network,
        hidden_states=noise(1, config.in_channels, 2, 4, 4),
        timestep=torch.tensor([500]),
        encoder_hidden_states=noise(1, 8, config.text_dim),
        control_hidden_states=noise(1, config.vace_in_channels, 2, 4, 4),
        control_hidden_states_scale=torch.ones(len(config.vace_layers)),
    )
    assert float((first - second).abs().max() / first.abs().max()) > 1e-3


def test_a_reused_step_of_plain_wan_is_what_it_was(folder: Path) -> None:
    network = opened(I2V, tiny("wan_i2v_a14b", folder)).transformer
    config = network.config
    first, second = asked_twice(
        network,
        hidden_states=noise(1, config.in_channels, 2, 4, 4),
        timestep=torch.tensor([500]),
        encoder_hidden_states=noise(1, 8, config.text_dim),
    )
    assert torch.allclose(first, second, atol=1e-5)


def test_reuse_is_refused_where_it_is_wrong_and_says_why(folder: Path) -> None:
    with fast.reused(opened(VACE, tiny("wan_vace", folder)), steps=30) as found:
        assert "add its control twice" in found.refused
    with fast.reused(opened(I2V, tiny("wan_i2v_a14b", folder)), steps=4) as found:
        assert found.refused == "4 steps are too few"
    with fast.reused(readable_pipeline(), steps=30) as found:
        assert "no blocks that are known" in found.refused


def test_what_was_reused_is_counted_and_nothing_is_left_behind(folder: Path) -> None:
    pipe = opened(I2V, tiny("wan_i2v_a14b", folder))
    network = pipe.transformer
    config = network.config
    given = {
        "hidden_states": noise(1, config.in_channels, 2, 4, 4),
        "timestep": torch.tensor([500]),
        "encoder_hidden_states": noise(1, 8, config.text_dim),
    }
    with fast.reused(pipe, steps=30) as found, torch.no_grad():
        for _ in range(3):
            with network.cache_context("cond"):
                network(return_dict=False, **given)
    assert (found.calls, found.computed) == (3, 1)
    assert not network.is_cache_enabled


@pytest.mark.parametrize("name", ["wan_i2v_a14b", "wan_vace"])
def test_a_pass_with_reuse_says_how_much_was_reused_or_why_nothing(name: str, folder: Path) -> None:
    family = VACE if name == "wan_vace" else I2V
    runner = Runner(opened(family, tiny(name, folder)), family, multiple=16, fewest=1, narrow=False)
    runner.reuse = True
    wanted = a_pass(steps=12, width=32, height=32)
    record = Record(
        family=name, pipeline="", device="cpu", precision="float32", rung="", tier="fast"
    )
    pictures = runner.run(
        wanted, shown=tuple(range(9)), visible=wanted.size, progress=silent, show=unseen,
        keep=UNKEPT, record=record,
    )  # fmt: skip
    assert pictures.shape == wanted.reference.shape
    said = record.said()["fast"]["reuse"]
    if name == "wan_vace":
        assert said.startswith("no: ")
    else:
        assert said["calls"] >= said["computed"] > 0


def test_a_processor_takes_the_plain_way(folder: Path) -> None:
    said = fast.settled(readable_pipeline(), "cpu", ladder.RUNGS[0])
    assert said == {"attention": "native", "compiled": "no: on a processor"}
