"""The table of licences that published weights come under: what each forbids, in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One row."""

    name: str
    title: str
    limits: str = ""
    """What it forbids or asks for that an editor must know; empty: nothing beyond its text."""
    words: tuple[str, ...] = ()
    """By which model cards (`license`, `license_name`) and licence files call it, lower case."""


_ROWS = (
    Licence(name="apache-2.0", title="Apache-2.0", words=("apache-2.0", "apache license")),
    Licence(name="mit", title="MIT", words=("mit", "mit license")),
    Licence(
        name="ltxv-open-weights", title="LTX-Video Open Weights License",
        limits="free only for those with less than 10 million US dollars of revenue a year; "
        "above that a paid licence of Lightricks is needed, and it names uses that are forbidden",
        words=("ltx-video-open-weights", "ltxv-open-weights", "ltx-video open weights"),
    ),
    Licence(
        name="ltx-2-community", title="LTX-2 Community License",
        limits="free only for those with less than 10 million US dollars of revenue a year; "
        "above that a paid licence of Lightricks is needed, and it names uses that are forbidden",
        words=("ltx-2-community", "ltx-2 community", "ltx-2-open-weights", "ltx-2.3-community"),
    ),
    Licence(
        name="tencent-hunyuan", title="Tencent Hunyuan Community License",
        limits="gives no right of use in the European Union, the United Kingdom and South Korea; "
        "above 100 million users a month a licence of Tencent is needed",
        words=("tencent-hunyuan", "tencent hunyuan", "hunyuanvideo-license"),
    ),
    Licence(
        name="cogvideox", title="CogVideoX License",
        limits="commercial use needs a registration with Zhipu AI and ends at a million visits a "
        "month",
        words=("cogvideox-license", "cogvideox license", "cogvideox licence"),
    ),
    Licence(
        name="stability-community", title="Stability AI Community License",
        limits="free only for those with less than 1 million US dollars of revenue a year; above "
        "that a licence of Stability AI is needed",
        words=("stabilityai-ai-community", "stability-ai-community",
               "stability ai community", "stable-video-diffusion-community"),
    ),
    Licence(
        name="stability-non-commercial", title="Stability AI Non-Commercial Research License",
        limits="no commercial use whatever: research only",
        words=("stable-video-diffusion-1-1-nc", "stable video diffusion non-commercial",
               "non-commercial research community license", "stability-ai-nc"),
    ),
    Licence(
        name="cc-by-nc", title="Creative Commons, non-commercial",
        limits="no commercial use whatever",
        words=("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-3.0",
               "attribution-noncommercial"),
    ),
    Licence(
        name="openrail", title="OpenRAIL",
        limits="names uses that are forbidden",
        words=("openrail", "openrail++", "creativeml-openrail-m", "bigscience-openrail-m"),
    ),
    Licence(
        name="nvidia-open-model", title="NVIDIA Open Model License",
        limits="ends for those who switch off its guard rails without another in their place",
        words=("nvidia-open-model-license", "nvidia open model license"),
    ),
    Licence(
        name="skywork", title="Skywork Community License",
        limits="commercial use is allowed under conditions that its text names",
        words=("skywork-license", "skywork community license", "skywork-community"),
    ),
    Licence(
        name="unknown", title="unknown",
        limits="what its licence allows is not known here: read it before you use what it makes",
    ),
)  # fmt: skip

LICENCES: dict[str, Licence] = {row.name: row for row in _ROWS}
"""Every licence by name."""

_NON_COMMERCIAL = ("non-commercial", "noncommercial", "research only", "research purposes only")


def licence_called(*names: str) -> Licence | None:
    """The row of the first name, as a model card says it, that one knows."""
    for name in names:
        word = name.strip().lower()
        for row in _ROWS:
            if word and (word in row.words or word == row.name):
                return row
        for row in _ROWS:  # `ltx-2-community-license-agreement` and the like
            if any(len(known) > 5 and known in word for known in row.words):
                return row
    return None


def licence_of_text(text: str) -> Licence | None:
    """The row whose name stands in the head of a licence's text."""
    head = " ".join(text[:1500].lower().split())
    found = [
        (at, row)
        for row in _ROWS
        for word in row.words
        if len(word) > 3 and (at := head.find(word)) >= 0
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def warns(text: str) -> str:
    """What a licence of an unknown name says at first glance, in words; empty for nothing."""
    low = text.lower()
    return "its text speaks of non-commercial use" if any(w in low for w in _NON_COMMERCIAL) else ""


def _validate() -> None:
    if len(LICENCES) != len(_ROWS) or "unknown" not in LICENCES:
        raise ValueError("two licences have the same name, or there is no row for unknown ones")


_validate()
