"""The model card that stands beside exported weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROWS = {
    "bridge": "bridge: both ends given",
    "bridge end": "bridge: its last sample alone",
    "extend": "extend: only the past given",
    "animate": "animate: a picture, strokes, a mask",
    "stroke": "in a stroke's region",
    "beside stroke": "beside a stroke's region",
    "camera": "under a given camera move",
    "ambient": "where ambient motion is wanted",
    "outside mask": "outside the motion mask",
}

TEXT = """---
license: apache-2.0
library_name: diffusers
tags: [motion, video, rectified-flow, diffusion-transformer]
---
# Second Unit motion transformer

A spacetime-patch diffusion transformer ({parameters:.1f} M parameters, bfloat16) that denoises
motion, not pixels: for one picture, where each cell of a grid of about 576 cells moves to over a
span of time, in 8 samples. It corrects a classical prior (optical flow, strokes, camera) and is
conditioned on the picture, the other pin, a motion mask, strokes, ambient regions, a camera move,
and the motion before and after. It knows no words and invents no content.

- Load: `MotionPipeline.from_pretrained(folder, local_files_only=True)`; 4 to 8 Euler steps.
- Data: {samples} procedural scenes (dead leaves, 1/f noise, Voronoi cells, stripes; layered moving
  objects under a moving camera) that the project draws itself. No photographs, no footage, no
  third-party data.
- Training: {step} steps of {batch} questions, {hours:.1f} hours on {device}, seed {seed};
  Muon and AdamW, moving average of the weights, rectified flow.
- Make it again: `secondunit train-motion`.
- Licence: Apache-2.0.

## How good it is
Mean end-point error in pixels of a frame 640 wide, over all 8 samples of the span, on {questions}
questions about scenes never trained on; {sampling} Euler steps, temperature 0.5. "Prior" is the
classical answer alone, "nothing" is standing still. Lower is better.

| task or kind of cell | network | prior | nothing |
|---|---|---|---|
{table}
{notes}{trajectory}
## What it is not
Scenes of flat layers teach neither faces nor walking, nor true perspective. Where flow between
two pins fails altogether it can only guess. A long extension drifts to the likeliest motion.
"""


TRAJECTORY = """
## The second network: the footage's own motion
`trajectory/` holds a convolutional network ({parameters:.2f} M parameters) for bridges and
extensions. Flow measures how each place came here over 1, 2, 4 and 8 frames, where the other pin
shows it, and how that pin's frames go on; each measurement, carried on in its own way, is a
candidate for the whole path. The network weighs the candidates by place and time, and says how far
it doubts the result.

- Data: {scenes} procedural scenes, looked at by the engine's own flow from both ends, with noise,
  blur and compression, some with things that come along tracks in perspective.
- Training: {step} steps of 12 questions, {hours:.1f} hours on one thread of a CPU.
- Make it again: `secondunit train-motion --part trajectory`.

Mean error in pixels of a frame 640 wide (at most 8 each, errors along edges counted less) on scenes
never trained on, answer / classical path: bridge {bridge[0]:.2f} / {bridge[1]:.2f},
extend {extend[0]:.2f} / {extend[1]:.2f}.
{said}"""


def card(line: Mapping[str, Any], parameters: int, notes: str = "") -> str:
    """Return the card of a checkpoint from its line of `metrics.jsonl`.

    `notes` is a paragraph on what these weights are in particular.
    """
    rows = (
        f"| {text} | {line['network'][kind]:.2f} | {line['prior'][kind]:.2f}"
        f" | {line['nothing'][kind]:.2f} |"
        for kind, text in ROWS.items()
        if kind in line["network"]
    )
    return TEXT.format(
        parameters=parameters / 1e6,
        samples=line["samples"],
        step=line["step"],
        batch=line["batch"],
        hours=line["hours"],
        device={"cpu": "one thread of a CPU", "cuda": "one GPU"}.get(
            line["device"], line["device"]
        ),
        seed=line["seed"],
        questions=line["questions"],
        sampling=line["sampling"],
        table="\n".join(rows),
        notes=notes and f"\n{notes}\n",
        trajectory=_trajectory(line.get("trajectory")),
    )


def _trajectory(figures: Mapping[str, Any] | None) -> str:
    if figures is None:
        return ""
    return TRAJECTORY.format(
        parameters=figures["parameters"] / 1e6,
        scenes=figures["scenes"],
        step=figures["step"],
        hours=figures["spent"] / 60,
        bridge=figures["scores"]["bridge"],
        extend=figures["scores"]["extend"],
        said=figures.get("said", ""),
    )
