"""A note, metadata and a message say the same: what one of the three can, the others can too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from secondunit.rpc.carrier import carry
from secondunit.timeline.cut import ours
from secondunit.timeline.notes import KEYS, Note, note_of_mapping, note_of_text
from secondunit.v1 import shots_pb2 as pb
from secondunit.v1 import units_pb2

MASK = pb.Mask(file=units_pb2.File(path="/m.png"), follow=True)
POINTS = [pb.Point(x=0.2, y=0.5), pb.Point(x=0.4, y=0.5)]
OVER = units_pb2.FrameRange(start=0, frames=8)
MOVE = pb.CameraMove(
    pan=6, tilt=-2, roll=1, truck=5, pedestal=4, dolly=10, zoom=1.5, fov=40, ease=pb.EASE_IN_OUT,
    over=OVER,
)  # fmt: skip
LENGTH = units_pb2.FrameRange(start=48, frames=12)

SAID: dict[str, tuple[str, dict[str, Any]]] = {
    "prompt": ("rain", {"prompt": "rain"}),
    "negative": ("birds", {"negative": "birds"}),
    "edge": ("tail", {"edge": units_pb2.EDGE_TAIL}),
    "frames": ("12", {"record": LENGTH}),
    "seconds": ("0.5", {"record": LENGTH}),
    "context": ("10", {"context": 10}),
    "handles": ("4", {"handles": 4}),
    "takes": ("2", {"takes": 2}),
    "seed": ("7", {"seed": 7}),
    "mask": ("/m.png follow", {"mask": MASK}),
    "keyframe": (
        "first /k.png strength 0.5",
        {"keyframes": [pb.Keyframe(first=True, image=units_pb2.File(path="/k.png"),
                                   strength=0.5)]},
    ),
    "stroke": (
        "0.2,0.5 > 0.4,0.5 in /m.png follow over 0-8 strength 0.8",
        {"strokes": [pb.Stroke(points=POINTS, region=MASK, over=OVER, strength=0.8)]},
    ),
    "ambient": (
        "in /m.png follow strength 0.25",
        {"ambients": [pb.Ambient(region=MASK, strength=0.25)]},
    ),
    "camera": (
        "pan 6 tilt -2 roll 1 truck 5% pedestal 4% dolly 10% zoom 1.5 fov 40 ease in-out over 0-8",
        {"cameras": [MOVE]},
    ),
    "strength": ("0.5", {"strength": 0.5}),
    "engine": ("motion", {"engine": "motion"}),
    "preset": ("soft", {"preset": "soft"}),
    "delivery": ("ffv1", {"delivery": "ffv1"}),
    "shot": ("LAD_0010", {"name": "LAD_0010"}),
    "place": ("over", {"place": pb.PLACE_MODE_OVER}),
    "audio": ("keep", {"audio": pb.AUDIO_MODE_KEEP}),
    "alpha": ("made", {"alpha": pb.ALPHA_MODE_MADE}),
    "id": ("k3v9x2ab", {"id": "k3v9x2ab"}),
    "motion": ("steady", {"motion": pb.MASKED_MOTION_STEADY}),
    "speed": ("50%", {"speed": 0.5}),
    "colour": ("slog3-sgamut3", {"colour": "slog3-sgamut3"}),
    "grain": ("none", {"grain": pb.GRAIN_MODE_NONE}),
    "proxy": ("h264_half", {"proxy": "h264_half"}),
    "reference": ("/r.png", {"references": [units_pb2.File(path="/r.png")]}),
    "required": ("mask, camera", {"required": ["mask", "camera"]}),
}  # fmt: skip
"""Key of a note: what a line of it says, and the fields of a message that say the same."""
WHERE = {"operation", "rate", "timeline_start", "before", "after", "still", "clip"}
"""Fields that say where a shot is, as a note does by standing there."""
ALSO = {"loop_frames"}
"""Another field of a key: the `frames` of a loop are no length on the timeline."""


def by_message(fields: dict[str, Any]) -> Note:
    """What a message becomes on its way to the reader: metadata of the clip it is about."""
    clip = pb.Clip(name="a", media=units_pb2.File(path="/a.mov"),
                   source=units_pb2.FrameRange(start=0, frames=48))  # fmt: skip
    request = pb.ShotRequest(
        **{
            "operation": units_pb2.OPERATION_EXTEND, "rate": units_pb2.Rate(num=24, den=1),
            "record": LENGTH, "before": clip, **fields,
        }
    )  # fmt: skip
    timeline = carry(request).timeline
    said = next(ours(item)["request"] for item in timeline.tracks[0] if ours(item))
    return note_of_mapping(said, "request")


@pytest.mark.parametrize("key", KEYS)
def test_every_key_can_be_said_in_a_note_in_metadata_and_in_a_message(key: str) -> None:
    line, fields = SAID[key]
    note = note_of_text(f"gen: extend\n{key}: {line}", "request")
    metadata = note_of_mapping({"operation": "extend", key: line}, "request")
    assert note is not None and note == metadata
    assert not note.faults and not note.unknown
    message = by_message(fields)
    assert not message.faults and not message.unknown
    name = f"{key}s" if key in ("keyframe", "stroke", "ambient", "camera", "reference") else key
    said, heard = getattr(note, name), getattr(message, name)
    if key == "seconds":
        said, heard = round(said * 24), message.frames
    assert said == heard and said not in (None, ())


def test_a_message_has_no_field_that_a_note_cannot_say() -> None:
    fields = {field.name for field in pb.ShotRequest.DESCRIPTOR.fields}
    assert fields - WHERE - ALSO == {name for _, said in SAID.values() for name in said}
    assert set(SAID) == set(KEYS)


def test_what_a_message_leaves_out_is_left_to_the_reader() -> None:
    least = note_of_text("gen: extend\nedge: tail\nframes: 12", "request")
    assert least is not None and by_message({}) == replace(least, path="request")
