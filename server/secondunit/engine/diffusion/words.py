"""Words: what a text encoder made of a prompt, kept by its text: an edit asks the same of many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from secondunit.engine.diffusion.family import Family, Pass

MOST = 32
"""Prompts that are kept: a few MB each."""

Embeddings = Mapping[str, torch.Tensor | None]


class Words:
    """Of one pipeline, in the processor's memory; the last one used is the last to go."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, bool, torch.dtype], Embeddings] = OrderedDict()
        self.asked = 0
        """Times that embeddings were wanted."""
        self.found = 0
        """Times that they were there."""

    def of(
        self, pipe: DiffusionPipeline, family: Family, wanted: Pass, dtype: torch.dtype
    ) -> Embeddings:
        """The embeddings of a pass, on the processor; `dtype` is the model's."""
        key = wanted.prompt, wanted.negative, wanted.guidance > 1, dtype
        self.asked += 1
        if key in self._kept:
            self.found += 1
        else:
            with torch.no_grad():
                made = family.words(pipe, wanted)
            self._kept[key] = {
                name: None if tensor is None else tensor.cpu() for name, tensor in made.items()
            }
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def clear(self) -> None:
        """Forget all of it: the text encoder is another one."""
        self._kept.clear()


def unread(pipe: DiffusionPipeline, text: str, most: int) -> int:
    """Tokens of a prompt past the `most` that a model reads: pipelines cut them off in silence."""
    tokenizer: Any = pipe.components.get("tokenizer")
    if tokenizer is None or most < 1:
        return 0
    return max(0, len(tokenizer(text, truncation=False, verbose=False).input_ids) - most)
