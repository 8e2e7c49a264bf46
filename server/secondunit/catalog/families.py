"""The table of model families: which checkpoints each drives, and what their kind can do."""

from __future__ import annotations

from dataclasses import dataclass

from secondunit.catalog.engines import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One row: what holds for every checkpoint of a family until its own files say otherwise."""

    name: str
    """A module of `engine.diffusion.families`."""
    title: str
    classes: tuple[str, ...]
    """Pipelines, as `_class_name` of a model_index.json says; empty: those of no other row."""
    licence: str
    """Of the family's published weights, a name of `catalog.licences`."""
    network: str = "transformer"
    """The component that denoises."""
    patch: int = 2
    """Latent pixels a side of one token, where the network's own files do not say."""
    frame_step: int
    frame_offset: int = 1
    """Legal frame counts are `frame_step * k + frame_offset`."""
    longest: int
    """Frames of the longest pass that its weights were trained for."""
    at_once: int = 0
    """Frames that the network has before it at one time; 0: a whole pass."""
    multiple: int
    """Legal sides are multiples of it."""
    smallest: int = 256
    """Shortest side in pixels that it was trained for."""
    most_pixels: int
    """Width times height of the largest pictures it was trained on."""
    only_size: tuple[int, int] = (0, 0)
    """See `Engine.only_size`."""
    native_rate: float | None
    """Frames per second of its training; None: it is told the rate."""
    native: frozenset[str]
    """Controls that its weights obey: see `Engine.native`."""
    held: bool = True
    """The hold map works on it: see `Engine.held`."""
    dilate: tuple[int, int] = (0, 0)
    """Pixels and frames: see `Engine.dilate`."""
    words: int
    """Tokens of the longest prompt; 0: it reads none."""
    references: int = 0
    tiers: tuple[Tier, ...]
    few_guidance: float = 1.0
    """Of a tier with few-step weights laid over."""
    blocks: tuple[str, ...] = ("transformer_blocks",)
    """Names under which LoRAs know its layers."""
    ignores: tuple[str, ...] = ()
    """Arguments that its pipeline takes and silently does nothing with, or not as one reads them;
    in words, with what is done about it."""
    sizes: tuple[tuple[str, float, float], ...] = ()
    """Of published weights: (name, parameters of the network or networks, of all the rest), in
    thousand millions, counted from their configurations."""
    packages: tuple[str, ...] = ("torch", "diffusers", "transformers", "accelerate", "cv2")


def _tiers(draft: int, fast: int, full: int, guidance: float) -> tuple[Tier, ...]:
    counts = {"draft": draft, "fast": fast, "full": full}
    return tuple(Tier(name=n, steps=s, guidance=guidance) for n, s in counts.items())


_WAN = ("blocks",)
_WAN_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "cv2", "ftfy")
_FLOORS = "a frame count that is not 4k+1 is floored with a warning: it is rounded up and trimmed"

_ROWS = (
    Family(
        name="wan_vace", title="Wan VACE", classes=("WanVACEPipeline",), licence="apache-2.0",
        sizes=(("2.1 1.3B", 2.2, 5.8), ("2.1 14B", 17.3, 5.8), ("2.2 Fun A14B", 34.6, 5.8)),
        frame_step=4, longest=81, multiple=16, most_pixels=1280 * 720,
        native_rate=16.0,
        native=frozenset({"first", "last", "middle", "prefix", "mask", "reference"}),
        dilate=(32, 0), words=512, references=3, tiers=_tiers(10, 20, 40, 5.0),
        blocks=_WAN, packages=_WAN_PACKAGES,
        ignores=(
            _FLOORS,
            "a control video of another length or size than asked is taken and misread: it is "
            "given exactly as many frames, at exactly the size",
            "its mask never looks at the first and the last frame: they are held in the latents",
        ),
    ),
    Family(
        name="wan_t2v", title="Wan text to video", classes=("WanPipeline",), licence="apache-2.0",
        sizes=(("2.1 1.3B", 1.4, 5.8), ("2.1 14B", 14.3, 5.8), ("2.2 A14B", 28.6, 5.8)),
        frame_step=4, longest=81, multiple=16, most_pixels=1280 * 720, native_rate=16.0,
        native=frozenset(), dilate=(32, 0), words=512, tiers=_tiers(10, 20, 50, 5.0), blocks=_WAN,
        packages=_WAN_PACKAGES, ignores=(_FLOORS,),
    ),
    Family(
        name="wan_i2v", title="Wan image to video", classes=("WanImageToVideoPipeline",),
        licence="apache-2.0",
        sizes=(("2.1 I2V and FLF2V 14B", 16.2, 6.5), ("2.2 I2V A14B", 28.2, 5.8)),
        frame_step=4, longest=81, multiple=16, most_pixels=1280 * 720,
        native_rate=16.0, native=frozenset({"first"}), dilate=(32, 0), words=512,
        tiers=_tiers(10, 20, 40, 5.0), blocks=_WAN, packages=_WAN_PACKAGES,
        ignores=(
            _FLOORS,
            "a last picture breaks checkpoints with CLIP and no `pos_embed_seq_len`: it is held "
            "there instead",
        ),
    ),
    Family(
        name="wan_ti2v", title="Wan text and image to video",
        classes=("WanPipeline", "WanImageToVideoPipeline"), licence="apache-2.0",
        sizes=(("2.2 TI2V 5B", 4.9, 6.4),),
        frame_step=4, longest=121, multiple=32, most_pixels=1280 * 704,
        native_rate=24.0, native=frozenset({"first"}), dilate=(48, 0), words=512,
        tiers=_tiers(10, 20, 50, 5.0), blocks=_WAN, packages=_WAN_PACKAGES,
        ignores=(_FLOORS, "`last_image` is taken and ignored: the last frame is held instead"),
    ),
    Family(
        name="helios", title="Helios", classes=("HeliosPipeline",), licence="apache-2.0",
        sizes=(("14B", 14.1, 5.8),),
        frame_step=33, frame_offset=0, longest=1452, at_once=99, multiple=16,
        most_pixels=640 * 384, native_rate=24.0, native=frozenset({"first", "prefix"}),
        dilate=(32, 0), words=512, tiers=_tiers(10, 20, 50, 5.0), blocks=_WAN,
        packages=_WAN_PACKAGES,
        ignores=("it makes whole chunks of 33 frames whatever is asked: the rest is trimmed",),
    ),
    Family(
        name="ltx", title="LTX-Video",
        classes=("LTXConditionPipeline", "LTXPipeline", "LTXImageToVideoPipeline"),
        licence="ltxv-open-weights", patch=1, sizes=(("2B", 1.9, 5.0), ("13B", 13.0, 5.6)),
        frame_step=8, longest=257, multiple=32, most_pixels=1216 * 704,
        native_rate=None, native=frozenset({"first"}), dilate=(64, 0), words=256,
        tiers=_tiers(8, 20, 40, 3.0),
        ignores=(
            "a frame count that is not 8k+1 is floored without a word: it is rounded up and "
            "trimmed",
            "a clip pinned between multiples of 8 lands beside its place: pins are given one by "
            "one",
        ),
    ),
    Family(
        name="ltx2", title="LTX-2",
        classes=("LTX2ConditionPipeline", "LTX2Pipeline", "LTX2ImageToVideoPipeline"),
        licence="ltx-2-community", patch=1, sizes=(("19B", 19.0, 13.5), ("22B", 22.0, 13.5)),
        frame_step=8, longest=257, multiple=32, most_pixels=1216 * 704,
        native_rate=None,
        native=frozenset({"first", "last", "middle", "prefix", "strength", "mask"}),
        dilate=(64, 0), words=1024, tiers=_tiers(8, 20, 40, 3.0),
        ignores=(
            "a frame count that is not 8k+1 is floored: it is rounded up and trimmed",
            "the index of a condition counts latent frames, so -1 is not the last picture: pins "
            "are given at their own frame",
            "a condition out of range is left out with a warning: there is none",
            "pictures are compressed with H.264 before they are looked at: that is turned off",
            "sound is made and thrown away",
        ),
    ),
    Family(
        name="cogvideox", title="CogVideoX",
        classes=("CogVideoXPipeline", "CogVideoXImageToVideoPipeline"), licence="cogvideox",
        sizes=(("2B", 1.7, 5.0), ("5B", 5.6, 5.0)),
        frame_step=8, longest=49, multiple=16, most_pixels=720 * 480,
        native_rate=8.0, native=frozenset(), dilate=(32, 0), words=226,
        tiers=_tiers(12, 25, 50, 6.0),
        ignores=(
            "a frame count that is not legal is floored or padded: it is rounded up",
            "5B from pictures (1.0) knows 720x480 alone: pictures are put into it whole",
        ),
    ),
    Family(
        name="svd", title="Stable Video Diffusion", classes=("StableVideoDiffusionPipeline",),
        licence="stability-community", network="unet", patch=1, sizes=(("XT 1.1", 1.5, 0.7),),
        frame_step=1, frame_offset=0, longest=25, multiple=64,
        most_pixels=1024 * 576, native_rate=7.0, native=frozenset({"first"}), dilate=(32, 0),
        words=0, tiers=_tiers(10, 15, 25, 3.0), blocks=("down_blocks", "mid_block", "up_blocks"),
    ),
    Family(
        name="generic", title="A video pipeline of diffusers", classes=(), licence="unknown",
        frame_step=4, longest=49, multiple=32, most_pixels=768 * 512,
        native_rate=None, native=frozenset(), held=False, words=256,
        tiers=_tiers(10, 20, 40, 5.0),
        ignores=("what it does with any argument is not known: only its pictures are used",),
    ),
)  # fmt: skip

FAMILIES: dict[str, Family] = {row.name: row for row in _ROWS}
"""Every family by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coder:
    """How an autoencoder of diffusers counts: the one thing known of an unknown video pipeline."""

    frame_step: int
    frame_offset: int
    multiple: int


CODERS: dict[str, Coder] = {
    name: Coder(frame_step=step, frame_offset=offset, multiple=multiple)
    for name, step, offset, multiple in (
        ("AutoencoderKLWan", 4, 1, 16),
        ("AutoencoderKLLTXVideo", 8, 1, 32),
        ("AutoencoderKLLTX2Video", 8, 1, 32),
        ("AutoencoderKLCogVideoX", 4, 1, 16),
        ("AutoencoderKLHunyuanVideo", 4, 1, 16),
        ("AutoencoderKLHunyuanVideo15", 4, 1, 16),
        ("AutoencoderKLAllegro", 4, 0, 16),
        ("AutoencoderKLMagvit", 4, 1, 16),
        ("AutoencoderKLMochi", 6, 1, 16),
        ("AutoencoderKLCosmos", 8, 1, 16),
        ("AutoencoderKLKVAEVideo", 4, 1, 16),
        ("AutoencoderKLTemporalDecoder", 1, 0, 64),
    )
}
"""Autoencoders of moving pictures: a pipeline that has one is a video pipeline."""


def _validate() -> None:
    if len(FAMILIES) != len(_ROWS):
        raise ValueError("two families have the same name")
    for row in _ROWS:
        steps = [tier.steps for tier in row.tiers]
        if steps != sorted(steps) or [tier.name for tier in row.tiers] != ["draft", "fast", "full"]:
            raise ValueError(f"the tiers of '{row.name}' do not go from draft to full")
        if (row.longest - row.frame_offset) % row.frame_step:
            raise ValueError(f"the longest pass of '{row.name}' is no legal one")


_validate()
