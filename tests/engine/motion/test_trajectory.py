"""The footage's own motion: what is measured, how it is weighed, what training makes of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from secondunit.engine import flow
from secondunit.engine.motion import trajectory, trajectory_model, trajectory_train
from secondunit.engine.motion.conditions import FRAMES
from secondunit.engine.motion.trajectory import Seen
from secondunit.engine.motion.trajectory_model import TrajectoryModel
from secondunit.engine.motion.trajectory_scenes import shard

from tests.engine.pictures import dots

WIDTH, HEIGHT = 320, 180


def sliding(steps: list[int]) -> list[flow.Luma]:
    """A texture that has moved to the right by each number of pixels."""
    texture = dots(HEIGHT, 600)
    return [flow.grey(texture[:, 140 - step : 140 - step + WIDTH]) for step in steps]


def seen(span: int = 8, bridge: bool = False) -> Seen:
    """Footage that moves three pixels a frame."""
    clip = sliding([3 * k for k in range(-8, span + 9)])
    here, there = clip[8], clip[8 + span]
    reach = flow.between(here, there)[0] if bridge else None
    return Seen(
        luma=here, history=flow.history(clip[:9]), reach=reach, other=there if bridge else None,
        beyond=flow.history(clip[: 7 + span : -1]) if bridge else None, span=span,
    )  # fmt: skip


def middle(field: np.ndarray) -> np.ndarray:
    h, w = field.shape[:2]
    return np.median(field[h // 4 : -h // 4, w // 4 : -w // 4], axis=(0, 1)) * WIDTH


@pytest.mark.parametrize("bridge", [False, True])
def test_steady_footage_goes_on_as_it_did_and_meets_the_other_pin(bridge: bool) -> None:
    torch.manual_seed(1)
    found = trajectory_model.found(TrajectoryModel().eval(), seen(bridge=bridge))
    assert found.displacement.shape == (FRAMES, 270, 480, 2)
    for step in range(FRAMES):
        way = 3 * (step + 1)  # untrained, a tenth of the weight is on standing still and the like
        assert middle(found.displacement[step]) == pytest.approx([way, 0], abs=0.1 * way + 0.3)
    assert found.doubt.shape == (FRAMES, 22, 40)
    assert found.doubt.min() > 0


def test_a_candidate_that_needs_another_pin_weighs_nothing_without_one() -> None:
    raw = torch.zeros(2, FRAMES, trajectory.CANDIDATES, 3, 4)
    shares = trajectory_model.shares(raw, torch.tensor([False, True]))
    assert shares[0, :, trajectory.ALONE :].sum() == 0
    assert torch.allclose(shares[1], torch.full_like(shares[1], 1 / trajectory.CANDIDATES))


def test_slow_things_and_fast_things_look_the_same_to_the_network() -> None:
    known, sure = trajectory.coarse(seen())
    told, scale = trajectory.features(known, sure, known.candidates(FRAMES) * 4)
    plain, own = trajectory.features(known, sure, known.candidates(FRAMES))
    apart = 2 * (trajectory.CANDIDATES - 1)
    sharp = own > 4 * trajectory.LEAST  # where the least scale does not count
    assert sharp.any()
    assert np.abs(told - plain)[:apart, sharp].mean() < 0.25
    assert np.allclose(scale[sharp] / own[sharp], 4, rtol=0.25)


def test_an_error_along_an_edge_counts_less_than_one_across_it() -> None:
    rows = np.repeat(np.arange(270) % 24 < 12, 480).reshape(270, 480)
    tensor = trajectory.structure((rows * 255).astype(np.uint8), (22, 40))
    metric = torch.from_numpy(trajectory.metric(tensor).astype(np.float32))[None]
    along, across = (
        trajectory_model.length(torch.tensor(way).expand(1, 22, 40, 2), metric).mean()
        for way in ((1.0, 0.0), (0.0, 1.0))
    )
    assert along < 0.3 < 0.9 < across


def test_a_point_that_a_turning_field_carries_goes_round() -> None:
    at = np.stack(np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41)), -1)
    turn = np.float32(np.pi / 2 / 8)

    def field(places: np.ndarray) -> np.ndarray:
        return np.stack([-places[..., 1], places[..., 0]], -1).astype(np.float32) * turn

    ways = trajectory.streamed(field(at), 8, lambda way: field(at + way))
    start, end = at[20, 40], (at + ways[-1])[20, 40]
    assert start == pytest.approx([1, 0]) and end == pytest.approx([0, 1], abs=0.02)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenes") / "scenes.npz"
    shard(path, 3, 2)
    return path


def test_a_mirrored_scene_is_a_mirrored_question(scenes: Path) -> None:
    view = trajectory_train.views(scenes)[0]
    again = trajectory_train.flipped(trajectory_train.flipped(view, True, True), True, True)
    for name in ("ways", "reach", "structure", "truth"):
        assert np.array_equal(getattr(view, name), getattr(again, name)), name
    turned = trajectory_train.flipped(view, True, False)
    assert np.array_equal(turned.truth[:, :, ::-1, 0], -view.truth[..., 0])


def test_the_loss_falls_on_one_batch_and_the_error_with_it(scenes: Path) -> None:
    torch.manual_seed(0)
    model = TrajectoryModel(width=24, reaches=(1, 2))
    views = trajectory_train.views(scenes)
    asked = trajectory_train.batch(np.random.default_rng(0), views)
    before = trajectory_train.errors(model, asked)
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    losses = []
    for _ in range(25):
        loss = trajectory_train.loss(model, asked)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.2
    after = trajectory_train.errors(model, asked)
    assert all(after[name][0] < before[name][0] for name in before)
    assert all(after[name][1] == before[name][1] for name in before)  # the classical answer's


def test_training_goes_on_where_it_stopped_and_its_weights_join_the_pipeline(
    tmp_path: Path,
) -> None:
    heard: list[str] = []
    for number in range(2):
        shard(tmp_path / "trajectory-scenes" / f"scenes-1-{number:04}.npz", number, 4 - 3 * number)
    for minutes in (0.02, 0.04):
        kept = trajectory_train.train(
            tmp_path, minutes=minutes, scenes=120, progress=heard.append, check_every=2
        )
    assert any(line.startswith("going on from step") for line in heard)
    assert kept == tmp_path / "trajectory.pt"
    scores = trajectory_train.export(kept, tmp_path / "weights")
    assert set(scores) == {"bridge", "extend"}
    assert "second network" in (tmp_path / "weights/README.md").read_text()
    assert (tmp_path / "weights/trajectory/config.json").exists()


def test_footage_without_a_history_is_measured_by_its_other_pin_alone() -> None:
    torch.manual_seed(1)
    alone = replace(seen(bridge=True), history=None, beyond=None)
    found = trajectory_model.found(TrajectoryModel().eval(), alone)
    assert middle(found.displacement[-1]) == pytest.approx([24, 0], abs=2)
