"""Record: what really ran, for the take's sidecar: nobody should have to believe a setting."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from typing import Any

PACKAGES = ("torch", "diffusers", "transformers", "peft", "torchao")


@dataclass(kw_only=True, slots=True)
class Record:
    """One run of an engine; grows while it runs."""

    family: str
    pipeline: str
    """Class of the pipeline."""
    device: str
    precision: str
    rung: str
    """Of the ladder of memory."""
    tier: str
    fast: dict[str, Any] = field(default_factory=dict)
    """Attention backend, compilation and caches that were in use, and what was not and why."""
    windows: list[dict[str, Any]] = field(default_factory=list)
    """Each pass: its frames, its seed, how much its colours had drifted."""
    steps: int = 0
    """Steps that this run executed; those of an earlier attempt are not among them."""
    steps_asked: int = 0
    words_found: int = 0
    """Passes whose words an earlier one had read already."""
    words_unread: int = 0
    """Tokens at the end of the prompt that the model has no room for."""
    widened: list[str] = field(default_factory=list)
    """Passes that were made again in float32, and why."""
    resumed: int = 0
    """Windows that an earlier attempt had made whole."""

    def reused(self, refused: str, calls: int, computed: int) -> None:
        """Account for the steps of a pass that were reused, or say why none was."""
        if refused:
            self.fast["reuse"] = f"no: {refused}"
            return
        before = self.fast.get("reuse", {"calls": 0, "computed": 0})
        self.fast["reuse"] = {
            "calls": before["calls"] + calls, "computed": before["computed"] + computed,
        }  # fmt: skip

    def said(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "family": self.family, "pipeline": self.pipeline, "device": self.device,
            "precision": self.precision, "memory": self.rung, "tier": self.tier,
            "fast": dict(self.fast), "windows": [dict(w) for w in self.windows],
            "steps": self.steps, "steps_asked": self.steps_asked,
            "words_found": self.words_found, "words_unread": self.words_unread,
            "made_again": list(self.widened),
            "windows_taken_over": self.resumed, "versions": versions(),
        }  # fmt: skip


def versions() -> dict[str, str]:
    """Of the packages that have a hand in the numbers; those that are not there are left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
