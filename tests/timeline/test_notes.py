"""The words of editors, in all their spellings, mean one thing; slips of the pen are named."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from secondunit.timeline.controls import MaskWords
from secondunit.timeline.notes import (
    KEYS,
    Note,
    note_of_mapping,
    note_of_marker,
    note_of_name,
    note_of_text,
)
from secondunit.timeline.shot import CameraMove
from secondunit.units import FrameRange, Operation


def said(text: str) -> Note:
    note = note_of_text(text, "m")
    assert note is not None
    return note


def good(text: str) -> Note:
    note = said(text)
    assert note.faults == ()
    return note


def faults(text: str) -> list[str]:
    return [str(f) for f in said(text).faults]


def test_the_smallest_request_is_one_line() -> None:
    assert good("gen: bridge") == Note(path="m", operation=Operation.BRIDGE)


@pytest.mark.parametrize("operation", list(Operation))
def test_every_operation_is_a_word(operation: Operation) -> None:
    assert good(f"Gen :  {operation.upper()}").operation is operation


def test_lines_and_semicolons_and_json_mean_the_same() -> None:
    lines = good("gen: extend\nedge: head\nframes: 24\nprompt: she turns\nseed: 7")
    line = good("gen: extend; edge: head; frames: 24; prompt: she turns; seed: 7")
    after = good('gen: extend\n{"edge": "head", "frames": 24, "prompt": "she turns", "seed": 7}')
    alone = good('{"gen": "extend", "edge": "head", "frames": 24, "prompt": "she turns", '
                 '"seed": 7}')  # fmt: skip
    mapping = note_of_mapping(
        {"operation": "extend", "edge": "head", "frames": "24", "prompt": "she turns", "seed": 7},
        "m",
    )
    assert lines == line == after == alone == mapping
    assert (lines.edge, lines.frames, lines.prompt, lines.seed) == ("head", 24, "she turns", 7)


def test_a_prompt_goes_on_until_the_next_key() -> None:
    note = good(
        "gen: bridge\n# for the director\nprompt: rain; wind\nTitle: no key at all\n"
        "see http://example.com; she says: go\nnegative: text;\nlogos\ntakes: 3"
    )
    assert note.prompt == ("rain; wind\nTitle: no key at all\nsee http://example.com; she says: go")
    assert note.negative == "text;\nlogos"
    assert note.takes == 3


def test_a_slip_of_the_pen_inside_a_prompt_is_no_prose() -> None:
    assert faults("gen: bridge\nprompt: rain\nsede: 4") == [
        "unknown key 'sede': did you mean 'seed'? @ m.sede"
    ]


def test_an_unknown_key_is_named_with_the_nearest() -> None:
    note = said("gen: bridge\npromt: fog")
    assert [str(f) for f in note.faults] == [
        "unknown key 'promt': did you mean 'prompt'? @ m.promt"
    ]
    assert note.unknown == (("promt", "fog"),)
    assert f"the keys are {', '.join(sorted(KEYS))}" in faults("gen: bridge\nzzz: 1")[0]


def test_keys_of_others_are_kept() -> None:
    assert good("gen: bridge\nx-ticket: 12").unknown == (("x-ticket", "12"),)
    mapping = note_of_mapping({"operation": "bridge", "x-ticket": {"n": 1}}, "m")
    assert mapping.unknown == (("x-ticket", '{"n": 1}'),) and not mapping.faults


def test_an_unknown_operation_lists_the_known() -> None:
    (fault,) = faults("gen: brigde")
    assert "unknown operation 'brigde'" in fault and "did you mean 'bridge'?" in fault
    assert all(operation in fault for operation in Operation)
    assert fault.endswith("@ m.gen")


def test_all_faults_of_a_note_come_at_once() -> None:
    assert faults(
        "gen: extnd\nframes: -3\nseconds: 2\ntakes: many\nseed: -1\nstrength: 1.5\nedge: top\n"
        "place: left\naudio: loud\nalpha: much\nid: A\nhandles: 2.5\ncontext: nan\n"
        "what is this\nstroke: 1\nframes: 4\nengine: a b"
    ) == [
        "'what is this' is no line of the form key: value @ m",
        "'frames' is given twice @ m.frames",
        "'frames' and 'seconds' are both given; give one @ m.seconds",
        "unknown operation 'extnd'; did you mean 'extend'? The operations are bridge, extend, "
        "animate, replace, transition, loop, generate, retime @ m.gen",
        "edge is 'top'; it is one of head, tail, both @ m.edge",
        "frames is -3; it goes from 1 to 100000 @ m.frames",
        "context is 'nan', which is no whole number @ m.context",
        "handles is '2.5', which is no whole number @ m.handles",
        "takes is 'many', which is no whole number @ m.takes",
        "seed is -1; it goes from 0 to 9223372036854775807 @ m.seed",
        "engine is 'a b'; it is made of letters, digits and ._/:@+- @ m.engine",
        "place is 'left'; it is one of replace, over, new-track @ m.place",
        "audio is 'loud'; it is one of none, keep @ m.audio",
        "alpha is 'much'; it is one of none, made @ m.alpha",
        "strength is 1.5; it goes from 0 to 1 @ m.strength",
        "id is 'A'; it is made of eight lower-case letters and digits @ m.id",
        "a stroke has at least two points: 0.2,0.5 > 0.4,0.5; for motion without a direction "
        "write `ambient` @ m.stroke[0].points",
    ]


def test_grain_is_matched_or_left() -> None:
    assert good("gen: bridge\ngrain: none").grain == "none"
    assert good("gen: bridge\ngrain: Match").grain == "match"
    assert good("gen: bridge").grain is None
    assert faults("gen: bridge\ngrain: film") == [
        "grain is 'film'; it is one of match, none @ m.grain"
    ]


def test_seconds_stay_exact() -> None:
    assert good("gen: extend\nseconds: 1.5").seconds == Fraction(3, 2)


def test_strokes_in_words_and_in_json_are_alike() -> None:
    words = good(
        'gen: animate\nstroke: 0.20,0.55 > 0.35, 0.50 > 0.60,0.52 in "my boat.png" over 0-24 '
        "strength 0.8\nstroke: .1,.1 > .2,.1"
    )
    mapping = note_of_mapping(
        {"operation": "animate", "stroke": [
            {"points": [[0.2, 0.55], [0.35, 0.5], [0.6, 0.52]], "in": "my boat.png",
             "over": [0, 24], "strength": 0.8},
            {"points": [[0.1, 0.1], [0.2, 0.1]]},
        ]},
        "m",
    )  # fmt: skip
    assert words == mapping
    first, second = words.strokes
    assert first.points == ((0.2, 0.55), (0.35, 0.5), (0.6, 0.52))
    assert (first.region, first.over) == (
        MaskWords(file="my boat.png"), FrameRange(start=0, frames=24),
    )  # fmt: skip
    assert (first.strength, second.strength, second.region, second.over) == (0.8, 1.0, None, None)


def test_a_mask_is_told_to_follow_in_words_and_in_json_alike() -> None:
    words = good(
        "gen: extend\nframes: 9\nmask: my sea.png follow\nambient: in sea.png follow strength 0.4\n"
        "stroke: 0,0 > 1,1 in boat.png follow over 0-4"
    )
    mapping = note_of_mapping(
        {
            "gen": "extend", "frames": 9, "mask": {"file": "my sea.png", "follow": True},
            "ambient": {"in": "sea.png", "follow": True, "strength": 0.4},
            "stroke": {"points": [[0, 0], [1, 1]], "in": "boat.png", "follow": True, "over": "0-4"},
        },
        "m",
    )  # fmt: skip
    assert words == mapping
    assert words.mask == MaskWords(file="my sea.png", follow=True)
    assert words.strokes[0].region == MaskWords(file="boat.png", follow=True)
    assert words.ambients[0].region == MaskWords(file="sea.png", follow=True)


def test_ambients_cameras_and_keyframes_in_words_and_in_json_are_alike() -> None:
    words = good(
        "gen: animate\nambient: in water.png strength 0.4\nambient:\n"
        "camera: pan 6 tilt -2 truck 5% zoom 1.2 fov 40 ease in-out over 12-48\n"
        "keyframe: 12 looks/mid frame.png strength 0.5\nkeyframe: last end.png\nmask: sea.png"
    )
    mapping = note_of_mapping(
        {
            "gen": "animate",
            "ambient": [{"in": "water.png", "strength": 0.4}, {}],
            "camera": {"pan": 6, "tilt": -2, "truck": "5%", "zoom": 1.2, "fov": 40,
                       "ease": "in-out", "over": {"start": 12, "frames": 36}},
            "keyframe": [{"frame": 12, "file": "looks/mid frame.png", "strength": 0.5},
                         {"frame": "last", "file": {"file": "end.png"}}],
            "mask": "sea.png",
        },
        "m",
    )  # fmt: skip
    assert words.cameras == mapping.cameras == (
        CameraMove(pan=6, tilt=-2, truck=5, zoom=1.2, fov=40, ease="in-out",
                   over=FrameRange(start=12, frames=36)),
    )  # fmt: skip
    assert [(a.region, a.strength) for a in words.ambients] == [
        (MaskWords(file="water.png"), 0.4), (None, 0.5),
    ]  # fmt: skip
    assert words.ambients == mapping.ambients
    assert [(k.frame, k.file, k.strength) for k in words.keyframes] == [
        (12, "looks/mid frame.png", 0.5), ("last", "end.png", 1.0),
    ]  # fmt: skip
    assert [(k.frame, k.file) for k in mapping.keyframes] == [
        (12, "looks/mid frame.png"), ("last", "end.png"),
    ]  # fmt: skip
    assert words.mask == mapping.mask == MaskWords(file="sea.png")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("stroke: 0.1,0.2 > 0.3", "point 1 is ['0.3']; write x,y @ m.stroke[0].points[1]"),
        ("stroke: 0.1,0.2 > nan,0.2", "x is 'nan', which is no number @ m.stroke[0].points[1].x"),
        ("stroke: 0.1,0.2 > 320,200", "x is 320; it goes from -2 to 3"),
        ("stroke: 0.1,0.2 > 1e999,0", "x is inf; it must be finite"),
        ("stroke: 0,0 > 1,1 strength 2", "strength is 2; it goes from 0 to 1"),
        ("stroke: 0,0 > 1,1 over 9-9", "over is 9-9, which holds no frame"),
        ("stroke: 0,0 > 1,1 over soon", "over is 'soon'; write 0-24, frames of the shot"),
        ("stroke: 0,0 > 1,1 in", "names no file @ m.stroke[0].in"),
        ("stroke: 0,0 > 1,1 follow", "only a region of its own can follow: in FILE follow"),
        ("stroke: 0,0 > 1,1 in a.png follow me", "nothing comes after 'follow', but 'me' does"),
        ("ambient: water.png", "ambient does not know 'water.png'"),
        ("ambient: strength -1", "strength is -1; it goes from 0 to 1"),
        ("camera: zoom 0", "zoom is 0; it goes from 0.01 to 100 @ m.camera[0].zoom"),
        ("camera: pan 6 fov 0.5", "fov is 0.5; it goes from 1 to 170"),
        ("camera: pan", "camera has 'pan' without a number"),
        ("camera: pan 1 pan 2", "camera has 'pan' twice"),
        ("camera: pan 1 Pan 2", "camera has 'pan' twice"),
        ("camera: pann 1", "unknown key 'pann': did you mean 'pan'? @ m.camera[0].pann"),
        ("camera: pan 1 ease slowly", "ease is 'slowly'; it is one of linear, in, out, in-out"),
        ("camera: fov 50", "camera names no move"),
        ("camera: dolly -100", "dolly is -100; it goes from -99 to 10000"),
        ("keyframe: first", "names no file @ m.keyframe[0].file"),
        ("keyframe: soon a.png", "frame is 'soon', which is no whole number"),
        ("keyframe: -1 a.png", "frame is -1; it goes from 0 to 100000"),
        ("mask:", "mask names no file @ m.mask"),
        ("frames: 24f", "frames is '24f', which is no whole number @ m.frames"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(line: str, says: str) -> None:
    found = faults(f"gen: animate\n{line}")
    assert any(says in fault for fault in found), found


@pytest.mark.parametrize(
    "value",
    [True, [1], {"a": 1}, float("nan"), "", 10**400],
)
@pytest.mark.parametrize("key", [k for k in KEYS if k != "prompt"])
def test_no_json_value_breaks_the_reader(key: str, value: Any) -> None:
    note = note_of_mapping({"operation": "animate", key: value}, "m")
    texts = ("shot", "negative", "mask")
    if not (value == "" and key in (*texts, "ambient")):
        assert note.faults or (key, value) in (("ambient", {}), ("required", True)), (key, value)


def test_what_is_required_is_said_by_key_or_of_everything() -> None:
    def required(value: Any) -> tuple[str, ...] | None:
        note = note_of_mapping({"operation": "animate", "required": value}, "m")
        assert not note.faults, note.faults
        return note.required

    assert required("mask, camera") == ("mask", "camera")
    assert required(["stroke"]) == ("stroke",)
    assert required("yes") == required(True) == ("all",)
    assert required("no") is None
    assert "required is 'moon'" in faults("gen: animate\nrequired: mask, moon")[0]


def test_references_may_be_several() -> None:
    note = note_of_text("gen: generate\nreference: hero.png\nreference: car.png\nprompt: dusk", "m")
    assert note is not None and note.references == (
        ("hero.png", "m.reference[0]"), ("car.png", "m.reference[1]")
    )  # fmt: skip


def test_the_name_of_a_marker_is_a_short_request() -> None:
    note = note_of_name("GEN bridge 24f slow push", "m")
    assert note is not None and not note.faults
    assert (note.operation, note.frames, note.prompt) == (Operation.BRIDGE, 24, "slow push")
    tail = note_of_name("GEN extend tail 36f", "m")
    assert tail is not None and (tail.edge, tail.frames) == ("tail", 36)
    back = note_of_name("GEN bridge v003", "m")
    assert back is not None and back.prompt is None


@pytest.mark.parametrize("name", ["GEN", "Generations", "gen z talks", "Marker 1", ""])
def test_an_ordinary_name_asks_for_nothing(name: str) -> None:
    assert note_of_name(name, "m") is None


@pytest.mark.parametrize(
    ("comment", "metadata", "name"),
    [
        ("gen: loop", {}, "GEN bridge"),
        ("", {"Resolve_OTIO": {"Keywords": [], "Note": "gen: loop"}}, ""),
        ("a look", {"fcp_xml": {"comment": "gen: loop"}}, ""),
        ("", {"AAF": {"Attr": [{"Name": "Comment", "Value": "gen: loop"}]}}, "x"),
        ("", {}, "gen: loop"),
        ("", {}, "GEN loop"),
        ("\ufeff\r\n gen: loop\r\n", {}, ""),
    ],
)
def test_the_words_are_found_wherever_a_host_puts_them(
    comment: str, metadata: dict[str, Any], name: str
) -> None:
    note = note_of_marker(name, comment, metadata, "m")
    assert note is not None and note.operation is Operation.LOOP and not note.faults


@pytest.mark.parametrize(
    "text",
    ["", "generate a report", '{"id": "ayon.create", "active": true}', '{"gen": ', "a gen: bridge",
     "{" * 5000],
)  # fmt: skip
def test_other_peoples_notes_are_left_alone(text: str) -> None:
    assert note_of_marker("Marker 1", text, {"Resolve_OTIO": {"Note": text}}, "m") is None


def test_a_note_of_another_tool_from_resolve_is_left_alone(shared: Any) -> None:
    path = shared / "timelines" / "resolve" / "ayon_movie_with_handles.otio"
    marker = json.loads(path.read_text())["markers"][0]
    assert len(marker["metadata"]["Resolve_OTIO"]["Note"]) > 3000
    assert note_of_marker(marker["name"], marker["comment"], marker["metadata"], "m") is None


def test_a_note_longer_than_8_kb_is_refused() -> None:
    assert faults("gen: bridge\nprompt: " + "é" * 5000) == [
        "the note has 10020 bytes; 8192 at most @ m"
    ]


def test_broken_json_after_gen_is_named() -> None:
    assert "cannot be read" in faults('gen: bridge\n{"frames": }')[0]
    assert "nested too deeply" in faults("gen: bridge\n" + '{"a":' + "[" * 7000)[0]
    assert "no operation" in str(note_of_mapping({"frames": 3}, "m").faults[0])
