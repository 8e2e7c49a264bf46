"""Tiny checkpoints of LTX, CogVideoX, SVD and others: real classes and layout, random weights."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers.guiders.classifier_free_guidance import ClassifierFreeGuidance
from diffusers.models.autoencoders.autoencoder_kl_allegro import AutoencoderKLAllegro
from diffusers.models.autoencoders.autoencoder_kl_cogvideox import AutoencoderKLCogVideoX
from diffusers.models.autoencoders.autoencoder_kl_hunyuanvideo15 import AutoencoderKLHunyuanVideo15
from diffusers.models.autoencoders.autoencoder_kl_ltx import AutoencoderKLLTXVideo
from diffusers.models.autoencoders.autoencoder_kl_ltx2 import AutoencoderKLLTX2Video
from diffusers.models.autoencoders.autoencoder_kl_ltx2_audio import AutoencoderKLLTX2Audio
from diffusers.models.autoencoders.autoencoder_kl_temporal_decoder import (
    AutoencoderKLTemporalDecoder,
)
from diffusers.models.transformers.cogvideox_transformer_3d import CogVideoXTransformer3DModel
from diffusers.models.transformers.transformer_allegro import AllegroTransformer3DModel
from diffusers.models.transformers.transformer_hunyuan_video15 import (
    HunyuanVideo15Transformer3DModel,
)
from diffusers.models.transformers.transformer_ltx import LTXVideoTransformer3DModel
from diffusers.models.transformers.transformer_ltx2 import LTX2VideoTransformer3DModel
from diffusers.models.unets.unet_spatio_temporal_condition import UNetSpatioTemporalConditionModel
from diffusers.pipelines.allegro.pipeline_allegro import AllegroPipeline
from diffusers.pipelines.cogvideo.pipeline_cogvideox import CogVideoXPipeline
from diffusers.pipelines.cogvideo.pipeline_cogvideox_image2video import (
    CogVideoXImageToVideoPipeline,
)
from diffusers.pipelines.hunyuan_video1_5.pipeline_hunyuan_video1_5 import HunyuanVideo15Pipeline
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXConditionPipeline
from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
from diffusers.pipelines.ltx2.pipeline_ltx2_condition import LTX2ConditionPipeline
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.pipelines.stable_video_diffusion.pipeline_stable_video_diffusion import (
    StableVideoDiffusionPipeline,
)
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddim_cogvideox import CogVideoXDDIMScheduler
from diffusers.schedulers.scheduling_dpm_cogvideox import CogVideoXDPMScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)
from transformers import (
    ByT5Tokenizer,
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    GemmaTokenizer,
    Qwen2_5_VLTextConfig,
    Qwen2_5_VLTextModel,
    Qwen2Tokenizer,
    T5Config,
    T5EncoderModel,
)

from tests.fakes.checkpoints import tokenizer

WORDS = 32  # channels of a token's embedding
LETTERS = string.ascii_letters + string.digits + string.punctuation


def tiny(family: str, folder: Path) -> Path:
    """Return the folder of a tiny checkpoint `family` below `folder`; made where it is not there.

    Names: `ltx`, `ltx_0_9_8` (a decoder that is told its noise), `ltx2`, `cogvideox`,
    `cogvideox_5b` (one size only), `cogvideox_1_5` (two latent frames a patch), `cogvideox_text`,
    `svd`, `allegro`, `hunyuan_1_5` (which tells nobody of its steps).
    """
    target = folder / family
    if not target.is_dir():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(sum(map(ord, family)))
            pipe = _MAKERS[family]()
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval()
        pipe.save_pretrained(target)
    return target


def _t5() -> dict[str, Any]:
    config = T5Config(
        vocab_size=128, d_model=WORDS, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0
    )
    return {"tokenizer": tokenizer(), "text_encoder": T5EncoderModel(config)}


def _ltx(timestep_conditioning: bool = False) -> Any:
    """As 0.9.5 and later: 8 frames and 32 x 32 pixels a cell."""
    vae = AutoencoderKLLTXVideo(
        latent_channels=8,
        block_out_channels=(4, 4, 4, 4),
        decoder_block_out_channels=(4, 4, 4, 4),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True, False),
        timestep_conditioning=timestep_conditioning,
    )
    transformer = LTXVideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        num_attention_heads=2,
        attention_head_dim=12,
        cross_attention_dim=24,
        num_layers=2,
        caption_channels=WORDS,
    )
    return LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, transformer=transformer, **_t5()
    )


def _gemma() -> dict[str, Any]:
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁"]
    vocab = {word: k for k, word in enumerate([*special, *LETTERS])}
    shape = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1}
    config = Gemma3Config(
        text_config={
            **shape,
            "num_hidden_layers": 2,
            "num_attention_heads": 1,
            "num_key_value_heads": 1,
            "head_dim": 8,
            "vocab_size": 128,
            "sliding_window": 16,
        },
        vision_config={**shape, "num_attention_heads": 1, "image_size": 16, "patch_size": 8},
        mm_tokens_per_image=4,
    )
    return {
        "tokenizer": GemmaTokenizer(vocab=vocab, merges=[]),
        "text_encoder": Gemma3ForConditionalGeneration(config),
    }


def _ltx2() -> Any:
    words = 8
    transformer = LTX2VideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        num_attention_heads=2,
        attention_head_dim=12,
        cross_attention_dim=24,
        audio_in_channels=8,
        audio_out_channels=8,
        audio_num_attention_heads=2,
        audio_attention_head_dim=6,
        audio_cross_attention_dim=12,
        num_layers=2,
        caption_channels=words,
        rope_double_precision=False,
    )
    connectors = LTX2TextConnectors(
        caption_channels=words,
        text_proj_in_factor=3,
        video_connector_num_attention_heads=2,
        video_connector_attention_head_dim=4,
        video_connector_num_layers=1,
        video_connector_num_learnable_registers=None,
        audio_connector_num_attention_heads=2,
        audio_connector_attention_head_dim=4,
        audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=None,
        rope_double_precision=False,
    )
    vae = AutoencoderKLLTX2Video(
        latent_channels=8,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1),
        decoder_spatial_padding_mode="zeros",  # the published one's needs two cells a side
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )
    audio_vae = AutoencoderKLLTX2Audio(
        base_channels=8, ch_mult=(1,), num_res_blocks=1, latent_channels=2, mel_bins=16
    )
    vocoder = LTX2Vocoder(
        in_channels=32,
        hidden_channels=8,
        upsample_kernel_sizes=[4, 4],
        upsample_factors=[2, 2],
        resnet_kernel_sizes=[3],
        resnet_dilations=[[1, 3, 5]],
    )
    scheduler = FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True,
        base_shift=0.95,
        max_shift=2.05,
        base_image_seq_len=1024,
        max_image_seq_len=4096,
        shift_terminal=0.1,
    )
    return LTX2ConditionPipeline(
        scheduler=scheduler,
        vae=vae,
        audio_vae=audio_vae,
        connectors=connectors,
        transformer=transformer,
        vocoder=vocoder,
        **_gemma(),
    )


def _cog_vae() -> AutoencoderKLCogVideoX:
    four: dict[str, Any] = {
        "block_out_channels": (8, 8, 8, 8),
        "down_block_types": ("CogVideoXDownBlock3D",) * 4,
        "up_block_types": ("CogVideoXUpBlock3D",) * 4,
    }
    return AutoencoderKLCogVideoX(
        **four,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        temporal_compression_ratio=4,
        scaling_factor=0.7,
    )


def _cog_transformer(**changes: Any) -> CogVideoXTransformer3DModel:
    given: dict[str, Any] = {
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "in_channels": 8,
        "out_channels": 4,
        "time_embed_dim": 4,
        "text_embed_dim": WORDS,
        "num_layers": 1,
        "sample_width": 8,
        "sample_height": 8,
        "sample_frames": 49,
        "max_text_seq_length": 226,
        "use_rotary_positional_embeddings": True,
    }
    return CogVideoXTransformer3DModel(**given | changes)


def _cog_schedule() -> dict[str, Any]:
    return {
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "snr_shift_scale": 1.0,
        "timestep_spacing": "trailing",
        "set_alpha_to_one": True,
        "clip_sample": False,
    }


def _cogvideox() -> Any:
    return CogVideoXImageToVideoPipeline(
        vae=_cog_vae(),
        transformer=_cog_transformer(),
        scheduler=CogVideoXDPMScheduler(**_cog_schedule()),
        **_t5(),
    )


def _cogvideox_5b() -> DiffusionPipeline:
    """As the first one from pictures: places that were learnt for one size."""
    transformer = _cog_transformer(
        sample_width=8, sample_height=6, sample_frames=9, use_learned_positional_embeddings=True
    )
    return CogVideoXImageToVideoPipeline(
        vae=_cog_vae(),
        transformer=transformer,
        scheduler=CogVideoXDPMScheduler(**_cog_schedule()),
        **_t5(),
    )


def _cogvideox_1_5() -> Any:
    transformer = _cog_transformer(
        patch_size_t=2,
        ofs_embed_dim=4,
        sample_frames=81,
        sample_width=64,
        sample_height=64,
        patch_bias=False,
    )
    return CogVideoXImageToVideoPipeline(
        vae=_cog_vae(),
        transformer=transformer,
        scheduler=CogVideoXDPMScheduler(**_cog_schedule()),
        **_t5(),
    )


def _cogvideox_text() -> Any:
    return CogVideoXPipeline(
        vae=_cog_vae(),
        transformer=_cog_transformer(in_channels=4),
        scheduler=CogVideoXDDIMScheduler(**_cog_schedule()),
        **_t5(),
    )


def _svd() -> Any:
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        cross_attention_dim=16,
        num_attention_heads=(2, 2),
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
        num_frames=14,
    )
    four: dict[str, Any] = {
        "block_out_channels": (32, 32, 32, 32),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
    }
    vae = AutoencoderKLTemporalDecoder(**four)
    processor: Any = CLIPImageProcessorPil()
    seeing = CLIPVisionConfig(
        hidden_size=16,
        projection_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=224,
        patch_size=56,
    )
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        sigma_max=700.0,
        sigma_min=0.002,
        steps_offset=1,
        timestep_spacing="leading",
        timestep_type="continuous",
        use_karras_sigmas=True,
    )
    return StableVideoDiffusionPipeline(
        vae=vae,
        image_encoder=CLIPVisionModelWithProjection(seeing),
        unet=unet,
        scheduler=scheduler,
        feature_extractor=processor,
    )


def _allegro() -> Any:
    """One that no family is written for."""
    vae = AutoencoderKLAllegro(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("AllegroDownBlock3D",) * 4,
        up_block_types=("AllegroUpBlock3D",) * 4,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
    )
    transformer = AllegroTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=24,
        in_channels=4,
        out_channels=4,
        num_layers=1,
        cross_attention_dim=48,
        sample_width=8,
        sample_height=8,
        sample_frames=8,
        caption_channels=WORDS,
    )
    scheduler: Any = DDIMScheduler()
    return AllegroPipeline(vae=vae, transformer=transformer, scheduler=scheduler, **_t5())


def _hunyuan_1_5() -> Any:
    vocab = {letter: k for k, letter in enumerate([*LETTERS, "Ġ", "Ċ"])}
    reader = Qwen2Tokenizer(vocab=vocab, merges=[])
    reader.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    reading = Qwen2_5_VLTextConfig(
        vocab_size=128,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=2,
        num_attention_heads=1,
        num_key_value_heads=1,
        bos_token_id=0,
        eos_token_id=1,
        rope_parameters={"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4},
    )
    glyphs = T5Config(
        vocab_size=384, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, dropout_rate=0.0
    )
    transformer = HunyuanVideo15Transformer3DModel(
        in_channels=9,
        out_channels=4,
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=1,
        num_refiner_layers=1,
        mlp_ratio=2.0,
        text_embed_dim=8,
        text_embed_2_dim=8,
        image_embed_dim=8,
        rope_axes_dim=(2, 2, 4),
        target_size=64,
        task_type="t2v",
    )
    five: dict[str, Any] = {"block_out_channels": (8, 8, 8, 8, 8)}
    vae = AutoencoderKLHunyuanVideo15(latent_channels=4, layers_per_block=1, **five)
    return HunyuanVideo15Pipeline(
        text_encoder=Qwen2_5_VLTextModel(reading),
        tokenizer=reader,
        transformer=transformer,
        vae=vae,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),
        text_encoder_2=T5EncoderModel(glyphs),
        tokenizer_2=ByT5Tokenizer(),
        guider=ClassifierFreeGuidance(guidance_scale=1.0),
    )


_MAKERS: dict[str, Callable[[], DiffusionPipeline]] = {
    "ltx": _ltx,
    "ltx_0_9_8": lambda: _ltx(timestep_conditioning=True),
    "ltx2": _ltx2,
    "cogvideox": _cogvideox,
    "cogvideox_5b": _cogvideox_5b,
    "cogvideox_1_5": _cogvideox_1_5,
    "cogvideox_text": _cogvideox_text,
    "svd": _svd,
    "allegro": _allegro,
    "hunyuan_1_5": _hunyuan_1_5,
}
