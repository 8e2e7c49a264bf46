"""Engines that were added: kept as cards, known at once, looked at before they are used."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from secondunit.catalog.adding import card_of, check_name, examine, forget, keep, lora_of
from secondunit.catalog.cards import changed, damaged, read_card
from secondunit.catalog.engines import ENGINES
from secondunit.catalog.installed import (
    broken,
    cards,
    known,
    lacking,
    no_engine,
    stamp,
    weights_of,
)
from secondunit.catalog.loras import Lora
from secondunit.catalog.model_card import terms_of
from secondunit.config import Config
from secondunit.errors import Refused

from tests.fakes.pipeline_folder import lora, vace


def config_of(folder: Path) -> Config:
    return Config(data=folder / "data")


def added(folder: Path, config: Config, name: str = "mine", loras: tuple[Lora, ...] = ()) -> Path:
    found = examine(name, folder, loras)
    card = card_of(found, source=str(folder), revision="", by="secondunit engines add")
    return keep(card, config)


def test_without_any_added_the_built_in_ones_are_known(tmp_path: Path) -> None:
    assert dict(known(config_of(tmp_path))) == ENGINES


def test_an_engine_is_known_as_soon_as_its_card_is_there_and_no_longer(tmp_path: Path) -> None:
    config, folder = config_of(tmp_path), vace(tmp_path / "checkpoint")
    before = stamp(config)
    card = added(folder, config)
    row = known(config)["mine"]
    assert list(known(config)) == ["motion", "mine"] and stamp(config) != before
    assert row.folder == folder and row.family == "wan_vace"
    assert weights_of(row) == cards(config)["mine"].identity != ""
    assert lacking(row, config) == ""
    assert forget("mine", config) == (card,)
    assert folder.is_dir() and "mine" not in known(config)
    assert "it was removed" in lacking(row, config)


def test_what_is_read_again_is_what_was_kept(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    loras = (Lora(path=lora(tmp_path / "quick.safetensors"), steps=4),)
    path = added(vace(tmp_path / "c"), config, loras=loras)
    card = read_card(path)
    assert card.overlays == loras and card.by == "secondunit engines add"
    assert {f.path for f in card.files} == {
        "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
        "text_encoder/model.safetensors", "tokenizer/tokenizer_config.json",
        "transformer/config.json", "transformer/diffusion_pytorch_model.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
    }  # fmt: skip
    assert known(config)["mine"].tiers[0].steps == 4


@pytest.mark.parametrize("how", ["changed", "gone", "new"])
def test_weights_that_are_not_those_that_were_added_are_noticed(how: str, tmp_path: Path) -> None:
    config, folder = config_of(tmp_path), vace(tmp_path / "checkpoint")
    added(folder, config)
    row = known(config)["mine"]
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    if how == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    elif how == "gone":
        file.unlink()
    else:
        (folder / "vae" / "more.json").write_text("{}")
    assert "its weights are not those that were added" in lacking(row, config)
    assert damaged(cards(config)["mine"])


def test_a_file_that_was_only_touched_is_as_it_was(tmp_path: Path) -> None:
    config, folder = config_of(tmp_path), vace(tmp_path / "checkpoint")
    added(folder, config)
    os.utime(folder / "model_index.json", (1, 1))
    card = cards(config)["mine"]
    assert changed(card) and not damaged(card)


def test_a_readme_may_change(tmp_path: Path) -> None:
    config, folder = config_of(tmp_path), vace(tmp_path / "checkpoint")
    added(folder, config)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    assert not changed(cards(config)["mine"])


def test_other_weights_are_another_identity_and_so_is_another_lora(tmp_path: Path) -> None:
    folder, quick = vace(tmp_path / "c"), lora(tmp_path / "quick.safetensors")
    found = examine("mine", folder, ())
    bare = card_of(found, source="", revision="", by="")
    over = replace(found, loras=(Lora(path=quick, steps=4),))
    assert card_of(over, source="", revision="", by="").identity != bare.identity
    assert card_of(found, source="elsewhere", revision="", by="").identity == bare.identity


def test_a_card_or_a_folder_that_cannot_be_read_is_said_and_harms_no_other(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    added(vace(tmp_path / "one"), config, "one")
    gone = vace(tmp_path / "two")
    path = added(gone, config, "two")
    gone.rename(tmp_path / "elsewhere")
    (path.parent / "three.json").write_text('{"version": 1}')
    (path.parent / "four.json").write_text('{"version": 99}')
    (path.parent / "five.json").write_text(json.dumps(json.loads(path.read_text()) | {"name": "x"}))
    assert set(known(config)) == {"motion", "one"}
    assert set(broken(config)) == {"two", "three", "four", "five"}
    assert "there is no such folder" in no_engine("two", config)
    assert "engines: motion, one" in no_engine("sora", config)
    (tmp_path / "elsewhere").rename(gone)  # the disk is back
    assert "two" in known(config)


@pytest.mark.parametrize("name", ["motion", "x", "Mine", "a/b", "../up", "a b", "-mine", "m" * 70])
def test_a_name_that_is_none_or_taken_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        check_name(name, config_of(tmp_path))


def test_a_name_is_given_once(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    check_name("mine", config)
    added(vace(tmp_path / "c"), config)
    with pytest.raises(Refused, match="engines remove mine"):
        check_name("mine", config)
    for other in ("motion", "yours", "../data"):
        with pytest.raises(Refused):
            forget(other, config)


def test_the_steps_of_a_lora_stand_behind_its_name(tmp_path: Path) -> None:
    file = lora(tmp_path / "a=b.safetensors")
    assert lora_of(f"{file}=4") == Lora(path=file, steps=4)
    for wrong in (f"{file}=0", f"{file}=many", str(tmp_path / "gone.safetensors")):
        with pytest.raises(Refused):
            lora_of(wrong)


@pytest.mark.parametrize(
    ("files", "title", "limits"),
    [
        ({"README.md": "---\nlicense: apache-2.0\n---\n# Wan"}, "Apache-2.0", ""),
        ({"README.md": "---\nlicense: other\nlicense_name: ltx-2-community-license-agreement\n---"},
         "LTX-2 Community License", "10 million"),
        ({"README.md": "---\nlicense: other\nlicense_name: tencent-hunyuan-community\n---"},
         "Tencent Hunyuan Community License", "European Union"),
        ({"README.md": "---\nlicense: cc-by-nc-4.0\n---"}, "Creative Commons, non-commercial",
         "no commercial use"),
        ({"README.md": "---\nlicense: other\nlicense_name: house-rules\n---"}, "house-rules",
         "read it before"),
        ({"LICENSE": "Apache License\nVersion 2.0, January 2004"}, "Apache-2.0", ""),
        ({"LICENSE.txt": "Our terms: for non-commercial use."}, "as in LICENSE.txt",
         "non-commercial"),
        ({"README.md": "no head", "LICENSE": "Stability AI Community License"},
         "Stability AI Community License", "1 million"),
        ({}, "CogVideoX License", "registration"),
    ],
)  # fmt: skip
def test_a_licence_is_read_and_what_it_forbids_is_said(
    files: dict[str, str], title: str, limits: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    terms = terms_of(tmp_path, "cogvideox")
    assert terms.title == title
    assert (limits in terms.limits) if limits else terms.limits == ""
    assert terms.said_by == next((n for n in files if "no head" not in files[n]), "")
