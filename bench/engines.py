"""How fast a step of a large model is: `python -m bench.engines` prints a table.

One forward of a transformer with random weights, of full size on a card and tiny without one (which
shows that it runs and nothing about speed): plain diffusers beside each faster way, in one process,
in turn. Model-FLOPs utilisation counts what the mathematics needs, not what a kernel does:
`2 N P + 4 N^2 d L + 4 N M d L` a forward for N tokens, P parameters in blocks that every token
passes, width d, L layers and M words, against a card's dense bf16 peak.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from diffusers.models.transformers.transformer_ltx2 import LTX2VideoTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan_vace import WanVACETransformer3DModel

PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "B200": 2250e12}
"""Dense bf16 operations a second, by a part of the card's name (makers' data sheets)."""
WORDS = 512
GOALS = {"mfu": 0.60, "times": 1.8}
"""Of the best lossless way at 720p, and against plain diffusers, on an H200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One network at one size."""

    name: str
    kind: Any
    config: Mapping[str, Any]
    latent: tuple[int, int, int]
    """Latent frames, rows and columns."""
    picture: str
    """What the latents are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one way took."""

    model: str
    way: str
    seconds: float
    """Of a forward, the median."""
    utilisation: float | None
    """Model FLOPs against the card's peak; None where the peak is not known."""
    memory: float | None
    """GiB on the card at the peak."""
    times: float
    """Faster than plain diffusers in the same run."""
    said: str = ""
    """Why there is no figure."""


_WAN_14B = {"num_attention_heads": 40, "attention_head_dim": 128, "ffn_dim": 13824,
            "num_layers": 40}  # fmt: skip
FULL = (
    Model(
        name="Wan VACE 14B", kind=WanVACETransformer3DModel,
        config=_WAN_14B | {"vace_layers": list(range(0, 40, 5))},
        latent=(21, 90, 160), picture="1280x720, 81 frames",
    ),
    Model(
        name="Wan TI2V 5B", kind=WanTransformer3DModel,
        config={"num_attention_heads": 24, "attention_head_dim": 128, "ffn_dim": 14336,
                "num_layers": 30, "in_channels": 48, "out_channels": 48},
        latent=(31, 44, 80), picture="1280x704, 121 frames",
    ),
    Model(
        name="LTX-2 19B", kind=LTX2VideoTransformer3DModel, config={},
        latent=(16, 22, 40), picture="1280x704, 121 frames",
    ),
)  # fmt: skip
_SMALL_WAN = {"num_attention_heads": 2, "attention_head_dim": 12, "ffn_dim": 32, "num_layers": 2,
              "text_dim": 32, "freq_dim": 16}  # fmt: skip
TINY = (
    Model(
        name="Wan VACE (tiny)", kind=WanVACETransformer3DModel,
        config=_SMALL_WAN | {"vace_layers": [0]}, latent=(3, 8, 12), picture="96x64, 9 frames",
    ),
    Model(
        name="Wan TI2V (tiny)", kind=WanTransformer3DModel,
        config=_SMALL_WAN | {"in_channels": 48, "out_channels": 48}, latent=(3, 4, 6),
        picture="96x64, 9 frames",
    ),
    Model(
        name="LTX-2 (tiny)", kind=LTX2VideoTransformer3DModel,
        config={"in_channels": 8, "out_channels": 8, "num_attention_heads": 2,
                "attention_head_dim": 12, "cross_attention_dim": 24, "audio_in_channels": 8,
                "audio_out_channels": 8, "audio_num_attention_heads": 2,
                "audio_attention_head_dim": 6, "audio_cross_attention_dim": 12, "num_layers": 2,
                "caption_channels": 32, "rope_double_precision": False},
        latent=(2, 2, 3), picture="96x64, 9 frames",
    ),
)  # fmt: skip


def _attention(name: str) -> Callable[[Any], None]:
    return lambda network: network.set_attention_backend(name)


def _compiled(network: Any) -> None:
    _fastest(network)
    network.compile_repeated_blocks(fullgraph=True, dynamic=False)


def _fastest(network: Any) -> None:
    from secondunit.engine.diffusion.fast import ATTENTION

    for name in ATTENTION:
        try:
            network.set_attention_backend(name)
        except (RuntimeError, ValueError, ImportError):
            continue
        return


def _eighth(network: Any) -> None:
    network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=network.dtype)


def _torchao(network: Any) -> None:
    from torchao.quantization import (  # pyright: ignore[reportMissingImports]
        Float8DynamicActivationFloat8WeightConfig,
        quantize_,
    )

    quantize_(network, Float8DynamicActivationFloat8WeightConfig())
    _compiled(network)


PLAIN = "plain diffusers"
WAYS: dict[str, Callable[[Any], None]] = {
    PLAIN: lambda network: None,
    "cuDNN attention": _attention("_native_cudnn"),
    "flash attention": _attention("flash"),
    "flash attention 3": _attention("_flash_3"),
    "fastest attention, compiled": _compiled,
    "8-bit storage": _eighth,
    "8-bit products (torchao), compiled": _torchao,
}
"""How a network is made ready. All but the two of 8 bits are lossless."""


def inputs(model: Model, network: Any, device: str, dtype: torch.dtype) -> dict[str, Any]:
    """What a forward is given: noise."""
    frames, rows, columns = model.latent
    config = network.config

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device=device, dtype=dtype)

    if model.kind is LTX2VideoTransformer3DModel:
        words = noise(1, WORDS, config.caption_channels)
        sound = 4 * frames
        return {
            "hidden_states": noise(1, frames * rows * columns, config.in_channels),
            "audio_hidden_states": noise(1, sound, config.audio_in_channels),
            "encoder_hidden_states": words, "audio_encoder_hidden_states": words,
            "timestep": torch.full((1,), 500.0, device=device), "num_frames": frames,
            "height": rows, "width": columns, "audio_num_frames": sound,
        }  # fmt: skip
    given: dict[str, Any] = {
        "hidden_states": noise(1, config.in_channels, frames, rows, columns),
        "timestep": torch.full((1,), 500, device=device),
        "encoder_hidden_states": noise(1, WORDS, config.text_dim),
    }
    if model.kind is WanVACETransformer3DModel:
        given["control_hidden_states"] = noise(1, config.vace_in_channels, frames, rows, columns)
        given["control_hidden_states_scale"] = torch.ones(
            len(config.vace_layers), device=device, dtype=dtype
        )
    return given


def flops(model: Model, network: Any) -> float:
    """Operations that the mathematics of one forward needs."""
    config, (frames, rows, columns) = network.config, model.latent
    patch = 1 if model.kind is LTX2VideoTransformer3DModel else 2
    tokens = frames * (rows // patch) * (columns // patch)
    width = config.num_attention_heads * config.attention_head_dim
    layers = config.num_layers + len(getattr(config, "vace_layers", None) or ())
    inner = getattr(config, "ffn_dim", None) or 4 * width
    # Projections of the words belong to the words' tokens: two of the eight of both attentions.
    each = layers * (6 * width**2 + 2 * width * inner)
    over_words = 2 * WORDS * layers * 2 * width**2
    return (
        2 * tokens * each
        + over_words
        + 4 * tokens**2 * width * layers
        + 4 * tokens * WORDS * width * layers
    )


def measured(models: tuple[Model, ...], device: str, repeats: int) -> Iterator[Row]:
    """Every way of every model; a way that is not there says why."""
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    ways = WAYS if device == "cuda" else {PLAIN: WAYS[PLAIN], "8-bit storage": _eighth}
    peak = _peak() if device == "cuda" else None
    for model in models:
        plain: float | None = None
        for way, make_ready in ways.items():
            network = _made(model, device, dtype)
            try:
                make_ready(network)
                seconds, memory = _timed(model, network, device, dtype, repeats)
            except (RuntimeError, ValueError, ImportError) as exc:
                yield Row(
                    model=model.name, way=way, seconds=float("nan"), utilisation=None, memory=None,
                    times=float("nan"), said=str(exc).splitlines()[0][:120],
                )  # fmt: skip
                continue
            finally:
                work = flops(model, network)
                network.reset_attention_backend()
                del network
                gc.collect()
                if device == "cuda":
                    torch.cuda.empty_cache()
                    torch.compiler.reset()
            plain = seconds if way == PLAIN else plain
            yield Row(
                model=model.name, way=way, seconds=seconds,
                utilisation=None if peak is None else work / seconds / peak, memory=memory,
                times=float("nan") if plain is None else plain / seconds,
            )  # fmt: skip


def _made(model: Model, device: str, dtype: torch.dtype) -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return model.kind(**model.config).eval()
    finally:
        torch.set_default_dtype(before)


def _timed(
    model: Model, network: Any, device: str, dtype: torch.dtype, repeats: int
) -> tuple[float, float | None]:
    given = inputs(model, network, device, dtype)
    taken = []
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    for turn in range(repeats + 1):
        _done(device)
        began = time.perf_counter()
        with torch.no_grad():
            network(**given, return_dict=False)
        _done(device)
        if turn:  # the first one compiles, and finds its kernels
            taken.append(time.perf_counter() - began)
    memory = torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else None
    return sorted(taken)[len(taken) // 2], memory


def _done(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _peak() -> float | None:
    name = torch.cuda.get_device_name()
    return next((peak for part, peak in PEAKS.items() if part in name), None)


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| model | way | s a forward | x plain | MFU | GiB |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.said:
            lines.append(f"| {row.model} | {row.way} | not here: {row.said} | | | |")
            continue
        share = "" if row.utilisation is None else f"{row.utilisation:.0%}"
        memory = "" if row.memory is None else f"{row.memory:.1f}"
        figures = f"{row.seconds:.4f} | {row.times:.2f} | {share} | {memory}"
        lines.append(f"| {row.model} | {row.way} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.engines", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="forwards of each way")
    parser.add_argument("--only", default="", help="part of a model's name")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    models = FULL if device == "cuda" else TINY
    chosen = tuple(model for model in models if asked.only.lower() in model.name.lower())
    rows = list(measured(chosen, device, asked.repeats))
    if asked.json:
        print(json.dumps({"device": device, "rows": [asdict(row) for row in rows]}))
        return
    if device == "cuda":
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, bf16, random weights")
        print(f"goals: MFU {GOALS['mfu']:.0%}, {GOALS['times']} times plain diffusers, lossless\n")
    else:
        print("There is no card here: tiny models, float32. The figures say that it runs, and")
        print("nothing about the speed of the real ones.\n")
    for model in chosen:
        print(f"- {model.name}: {model.picture}")
    print()
    print(table(rows))


if __name__ == "__main__":
    main()
