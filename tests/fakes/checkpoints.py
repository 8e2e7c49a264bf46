"""Tiny checkpoints of Wan and its kin: the real classes in the real layout, random weights, < 1 MB.

Nothing here is learnt, so pictures are noise; what can be tested is everything around the weights.
"""

from __future__ import annotations

import string
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
from diffusers.models.transformers.transformer_helios import HeliosTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan_vace import WanVACETransformer3DModel
from diffusers.pipelines.helios.pipeline_helios import HeliosPipeline
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.pipelines.wan.pipeline_wan import WanPipeline
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from diffusers.pipelines.wan.pipeline_wan_vace import WanVACEPipeline
from diffusers.schedulers.scheduling_helios import HeliosScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

WORDS = 32  # channels of a token's embedding
SIGHT = 16  # channels of the picture encoder
CLIP_TOKENS = 17  # 4 x 4 patches and one for the whole


def tiny(family: str, folder: Path) -> Path:
    """Return the folder of a tiny checkpoint `family` below `folder`; made where it is not there.

    Names: `wan_vace`, `wan_vace_a14b`, `wan_t2v`, `wan_i2v`, `wan_i2v_a14b`, `wan_flf`, `wan_ti2v`,
    `helios`.
    """
    target = folder / family
    if not target.is_dir():
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Helios' scheduler takes a linspace of tensors
            torch.manual_seed(sum(map(ord, family)))
            pipe = _MAKERS[family]()
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval()
        pipe.save_pretrained(target)
    return target


def tokenizer() -> T5Tokenizer:
    """One token a character, and no file or network behind it."""
    letters = string.ascii_letters + string.digits + string.punctuation
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    return T5Tokenizer(vocab=[*special, *((c, -3.0) for c in letters)], extra_ids=0)


def _words() -> dict[str, Any]:
    config = UMT5Config(
        vocab_size=128, d_model=WORDS, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0
    )
    return {"tokenizer": tokenizer(), "text_encoder": UMT5EncoderModel(config)}


def _flow(shift: float) -> Any:
    """The scheduler that every Wan checkpoint brings, whatever the pipelines' annotations say."""
    return UniPCMultistepScheduler(
        use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=shift
    )


def _vae() -> AutoencoderKLWan:
    return AutoencoderKLWan(base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1)


def _vae_22() -> AutoencoderKLWan:
    return AutoencoderKLWan(
        base_dim=4,
        decoder_base_dim=4,
        z_dim=48,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_spatial=16,
        latents_mean=[0.1 * (k % 5 - 2) for k in range(48)],
        latents_std=[0.5 + 0.1 * (k % 7) for k in range(48)],
    )


_SMALL: dict[str, Any] = {
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "text_dim": WORDS,
    "freq_dim": 16,
    "ffn_dim": 32,
    "num_layers": 2,
}


def _sight() -> dict[str, Any]:
    config = CLIPVisionConfig(
        hidden_size=SIGHT,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    size = {"height": 32, "width": 32}
    return {
        "image_encoder": CLIPVisionModel(config),
        "image_processor": CLIPImageProcessor(size=size, crop_size=size),
    }


def _wan_vace() -> DiffusionPipeline:
    return WanVACEPipeline(
        vae=_vae(), scheduler=_flow(3.0), transformer=_vace_transformer(), **_words()
    )


def _vace_transformer() -> WanVACETransformer3DModel:
    size: dict[str, Any] = _SMALL | {"num_layers": 3}
    return WanVACETransformer3DModel(**size, vace_layers=[0, 2])


def _wan_vace_a14b() -> DiffusionPipeline:
    return WanVACEPipeline(
        vae=_vae(),
        scheduler=_flow(3.0),
        transformer=_vace_transformer(),
        transformer_2=_vace_transformer(),
        boundary_ratio=0.875,
        **_words(),
    )


def _wan_t2v() -> DiffusionPipeline:
    transformer = WanTransformer3DModel(**_SMALL)
    return WanPipeline(vae=_vae(), scheduler=_flow(3.0), transformer=transformer, **_words())


def _i2v_transformer(**changes: Any) -> WanTransformer3DModel:
    return WanTransformer3DModel(**_SMALL, in_channels=36, out_channels=16, **changes)


def _wan_i2v() -> DiffusionPipeline:
    transformer = _i2v_transformer(image_dim=SIGHT, added_kv_proj_dim=24)
    return WanImageToVideoPipeline(
        vae=_vae(), scheduler=_flow(3.0), transformer=transformer, **_words(), **_sight()
    )


def _wan_flf() -> DiffusionPipeline:
    transformer = _i2v_transformer(
        image_dim=SIGHT, added_kv_proj_dim=24, pos_embed_seq_len=2 * CLIP_TOKENS
    )
    return WanImageToVideoPipeline(
        vae=_vae(), scheduler=_flow(5.0), transformer=transformer, **_words(), **_sight()
    )


def _wan_i2v_a14b() -> DiffusionPipeline:
    return WanImageToVideoPipeline(
        vae=_vae(),
        scheduler=_flow(3.0),
        transformer=_i2v_transformer(),
        transformer_2=_i2v_transformer(),
        boundary_ratio=0.9,
        **_words(),
    )


def _wan_ti2v() -> DiffusionPipeline:
    """As it is published: the index names the text pipeline, which says `expand_timesteps`."""
    return WanPipeline(
        vae=_vae_22(),
        scheduler=_flow(5.0),
        transformer=WanTransformer3DModel(**_SMALL, in_channels=48, out_channels=48),
        expand_timesteps=True,
        **_words(),
    )


def _helios() -> DiffusionPipeline:
    transformer = HeliosTransformer3DModel(**_SMALL, rope_dim=(4, 4, 4), is_amplify_history=True)
    scheduler = HeliosScheduler(
        stages=1, stage_range=[0, 1], use_dynamic_shifting=True, time_shift_type="linear"
    )
    return HeliosPipeline(vae=_vae(), scheduler=scheduler, transformer=transformer, **_words())


_MAKERS: dict[str, Callable[[], DiffusionPipeline]] = {
    "wan_vace": _wan_vace,
    "wan_vace_a14b": _wan_vace_a14b,
    "wan_t2v": _wan_t2v,
    "wan_i2v": _wan_i2v,
    "wan_i2v_a14b": _wan_i2v_a14b,
    "wan_flf": _wan_flf,
    "wan_ti2v": _wan_ti2v,
    "helios": _helios,
}
