"""engines add, remove, check: from a folder and from a Hub, with what is asked for on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from secondunit.cli import main

from tests.fakes.hub import COMMIT, REPOSITORY, Hub, hub
from tests.fakes.pipeline_folder import lora, safetensors, vace

LIMITED = "---\nlicense: other\nlicense_name: ltx-2-community-license\n---\n"


def run(*arguments: str) -> int:
    return main(["engines", *arguments])


def listed(data: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run("--data", str(data), "--json") == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)["engines"]}


def test_a_folder_is_added_listed_checked_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, data = vace(tmp_path / "vace"), tmp_path / "data"
    where = ("--data", str(data))
    assert run("add", "mine", str(folder), "--yes", *where) == 0
    said = capsys.readouterr()
    assert "licence: Apache-2.0 (as the family is published)" in said.err
    assert "Added mine: Wan VACE" in said.out
    row = listed(data, capsys)["mine"]
    assert (row["family"], row["licence"], row["unavailable"]) == ("wan_vace", "Apache-2.0", "")
    assert row["weights"] and row["accepted"]["when"] and row["folder"] == str(folder)
    assert run("check", "mine", "--hashes", *where) == 0
    assert "every file has the bytes" in capsys.readouterr().out
    assert run("remove", "mine", *where) == 0
    assert set(listed(data, capsys)) == {"motion"} and folder.is_dir()


def test_changed_weights_fail_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, where = vace(tmp_path / "vace"), ("--data", str(tmp_path / "data"), "--json")
    assert run("add", "mine", str(folder), "--yes", *where) == 0
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    stamp = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # its stamp tells nothing
    capsys.readouterr()
    assert run("check", "mine", "--hashes", *where) == 1
    record = json.loads(capsys.readouterr().out)
    assert not record["pass"]
    assert "vae/diffusion_pytorch_model.safetensors" in record["damaged"][0]


def test_a_licence_with_limits_is_accepted_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, data = vace(tmp_path / "c"), tmp_path / "data"
    (folder / "README.md").write_text(LIMITED)
    add = ("add", "mine", str(folder), "--yes", "--data", str(data))
    assert run(*add) == 2
    said = capsys.readouterr().err
    assert "10 million US dollars" in said and "--accept-licence" in said
    assert not (data / "engines").exists()
    assert run(*add, "--accept-licence") == 0
    row = listed(data, capsys)["mine"]
    assert "10 million" in row["limits"] and row["licence"] == "LTX-2 Community License"


def test_nobody_is_asked_where_nobody_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = vace(tmp_path / "c")
    assert run("add", "mine", str(folder), "--data", str(tmp_path / "data"), "--json") == 2
    assert "--yes" in json.loads(capsys.readouterr().out)["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "mine"), "add NAME FOLDER"),
        (("add", "motion", "/nowhere"), "is built in"),
        (("add", "mine", "/nowhere"), "there is no such folder"),
        (("remove", "mine"), "added are: none"),
        (("remove", "motion"), "is built in"),
        (("check", "mine"), "no engine 'mine'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments, "--yes", "--data", str(tmp_path)) == 2
    assert says in capsys.readouterr().err


def test_all_that_is_wrong_with_a_folder_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = vace(tmp_path / "c")
    (folder / "vae" / "model.bin").write_bytes(b"x")
    other = lora(tmp_path / "other.safetensors", "transformer_blocks.0.q")
    assert run("add", "mine", str(folder), "--lora", f"{other}=4", "--yes", "--json",
               "--data", str(tmp_path / "data")) == 2  # fmt: skip
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert [fault["path"] for fault in faults] == ["vae/model.bin"]


def from_hub(
    served: Hub, tmp_path: Path, *arguments: str, **environment: str
) -> tuple[int, dict[str, Any], str]:  # fmt: skip
    """(exit code, what was printed as JSON, the rest) of `engines ...` in a process of its own."""
    env = os.environ | {
        "HF_ENDPOINT": served.address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }  # fmt: skip
    env.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-m", "secondunit", "engines", *arguments, "--json",
         "--data", str(tmp_path / "data")],
        capture_output=True, text=True, timeout=110, env=env | environment, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def repository(folder: Path) -> Path:
    """A whole pipeline, with everything beside it that is not fetched."""
    vace(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny")
    (folder / "pipeline.py").write_text("raise SystemExit")
    (folder / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    safetensors(folder / "all_in_one.safetensors", {"a": (8, 8)})
    safetensors(folder / "vae" / "diffusion_pytorch_model.fp16.safetensors", {"a": (8, 8)})
    return folder


def test_a_repository_is_pinned_fetched_hashed_and_removed(tmp_path: Path) -> None:
    with hub(repository(tmp_path / "repository")) as served:
        code, said, error = from_hub(served, tmp_path, "add", "mine", REPOSITORY, "--yes")
        assert code == 0, error
    row = said["engine"]
    assert (row["source"], row["revision"], row["licence"]) == (REPOSITORY, COMMIT, "Apache-2.0")
    assert (row["family"], row["unavailable"]) == ("wan_vace", "")
    folder = Path(row["folder"])
    assert folder.parent == tmp_path / "data" / "engines" and COMMIT[:12] in folder.name
    fetched = {p.name for p in folder.rglob("*") if p.is_file() and ".cache" not in p.parts}
    assert "model_index.json" in fetched and "model.safetensors" in fetched
    assert not fetched & {
        "pipeline.py", "diffusion_pytorch_model.bin", "all_in_one.safetensors",
        "diffusion_pytorch_model.fp16.safetensors",
    }  # fmt: skip
    assert f"{REPOSITORY} at {COMMIT}" in error and "licence: Apache-2.0" in error
    with hub(tmp_path / "repository") as served:
        code, said, _ = from_hub(served, tmp_path, "remove", "mine")
    assert code == 0 and str(folder) in said["removed"] and not folder.exists()


def test_a_connection_that_was_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repository")
    safetensors(folder / "text_encoder" / "model.safetensors", {"shared.weight": (2048, 2048)})
    with hub(folder) as served:
        served.breaks_after = 12 * 2**20
        code, said, error = from_hub(served, tmp_path, "add", "mine", REPOSITORY, "--yes")
        assert code == 0, (said, error)
        gets = [a for a in served.asked if a.startswith("GET") and "text_encoder/model" in a]
        assert len(gets) == 2 and "bytes=" in gets[1], gets


def test_the_same_command_fetches_only_what_is_not_there_yet(tmp_path: Path) -> None:
    with hub(repository(tmp_path / "repository")) as served:
        served.withholds = "vae/diffusion_pytorch_model.safetensors"
        code, said, _ = from_hub(served, tmp_path, "add", "mine", REPOSITORY, "--yes")
        assert code == 2 and said["error"]["code"] == "HUB_UNREACHABLE", said
        served.withholds = ""
        code, said, error = from_hub(served, tmp_path, "add", "mine", REPOSITORY, "--yes")
        assert code == 0, (said, error)
        for name in ("text_encoder/model.safetensors", "transformer/config.json"):
            assert len([a for a in served.asked if a.startswith("GET") and name in a]) == 1, name


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nobody/nothing", "no such repository"),
        (f"{REPOSITORY}@v9", "no such revision"),
        ("a..b/c", "neither a folder nor a repository"),
    ],
)
def test_a_repository_that_is_none_is_refused(source: str, says: str, tmp_path: Path) -> None:
    with hub(repository(tmp_path / "repository")) as served:
        code, said, _ = from_hub(served, tmp_path, "add", "mine", source, "--yes")
    assert code == 2 and says in said["error"]["message"], said


def test_a_repository_without_a_pipeline_is_refused_before_anything_is_fetched(
    tmp_path: Path,
) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "README.md").write_text("words")
    with hub(tmp_path / "repository") as served:
        code, said, _ = from_hub(served, tmp_path, "add", "mine", REPOSITORY, "--yes")
        assert code == 2 and "no model_index.json" in said["error"]["message"]
        assert not any("resolve" in asked for asked in served.asked)


def test_bytes_that_are_not_what_the_hub_says_are_refused(tmp_path: Path) -> None:
    with hub(repository(tmp_path / "repository")) as served:
        served.lies = True
        code, said, _ = from_hub(served, tmp_path, "add", "mine", REPOSITORY, "--yes")
    assert code == 2 and "not those that the Hub has a hash of" in said["error"]["message"]


def test_offline_the_hubs_cache_is_taken_and_nobody_is_asked(tmp_path: Path) -> None:
    with hub(repository(tmp_path / "repository")) as served:
        code, said, _ = from_hub(
            served, tmp_path, "add", "mine", REPOSITORY, "--yes", HF_HUB_OFFLINE="1"
        )
        assert code == 2 and said["error"]["code"] == "HUB_UNREACHABLE"
        cache = tmp_path / "hf" / "hub" / f"models--{REPOSITORY.replace('/', '--')}"
        vace(cache / "snapshots" / COMMIT)
        (cache / "refs").mkdir()
        (cache / "refs" / "main").write_text(COMMIT)
        code, said, error = from_hub(
            served, tmp_path, "add", "mine", REPOSITORY, "--yes", HF_HUB_OFFLINE="1"
        )
        assert code == 0, (said, error)
        assert said["engine"]["revision"] == COMMIT and not served.asked
