"""Weights from the Hub: what a repository offers, said before a byte of them is fetched."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from secondunit.catalog.cards import Card
from secondunit.catalog.licences import LICENCES
from secondunit.catalog.model_card import Terms, front_matter, terms_of_card, usual_terms
from secondunit.catalog.pipeline_folder import INDEX
from secondunit.catalog.weight_files import json_of
from secondunit.errors import EngineMissing, HubUnreachable, Refused

REPOSITORY = re.compile(r"([\w.-]{1,96}/[\w.-]{1,96})(?:@([\w./-]{1,120}))?")
"""`ORG/REPO` or `ORG/REPO@REVISION`."""
_LOADED = (".json", ".safetensors", ".txt", ".model", ".jinja", ".spm")
_READ = ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.txt")
_HEADROOM = 2**30
"""Bytes left free on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A pipeline of one commit on the Hub, and which of its files are fetched."""

    repository: str
    commit: str
    files: Mapping[str, int]
    """Bytes by path."""
    hashes: Mapping[str, str]
    """SHA-256 of those that the Hub knows one of: the large ones."""
    terms: Terms

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(self.files.values())


def parted(text: str) -> tuple[str, str]:
    """(repository, revision) of `ORG/REPO[@REVISION]`. Raises Refused for another text."""
    match = REPOSITORY.fullmatch(text)
    if match is None or ".." in text:
        raise Refused.single(
            f"'{text}' is neither a folder nor a repository of the Hub (ORG/REPO[@REVISION])",
            "SOURCE",
        )
    return match[1], match[2] or "main"


def offline() -> bool:
    """Whether the user said that the Hub must not be asked (HF_HUB_OFFLINE)."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


def offer(repository: str, revision: str, folder: Path) -> Offer:
    """What a repository has at a revision, pinned to its commit; the weights are not fetched.

    `folder`: for the two small files that say it. Raises Refused for a repository or revision
    that is not there or is no pipeline, HubUnreachable, EngineMissing without the package.
    """
    with _translated(f"{repository}@{revision}"):
        from huggingface_hub import HfApi, hf_hub_download

        info: Any = HfApi().model_info(repository, revision=revision, files_metadata=True)
        commit = str(info.sha)
        there = {s.rfilename: s for s in info.siblings or ()}
        if INDEX not in there:
            raise Refused.single(
                f"no {INDEX}: this is not the repository of a diffusers pipeline",
                f"{repository}@{revision}",
            )
        small = {
            name: Path(hf_hub_download(repository, name, revision=commit, local_dir=folder))
            for name in (INDEX, "README.md")
            if name in there
        }
    try:
        index = json_of(small[INDEX])
    except ValueError as exc:
        raise Refused.single(str(exc), f"{repository}/{INDEX}") from exc
    components = {k for k, v in index.items() if isinstance(v, list) and v and v[0] is not None}
    files = {
        name: int(there[name].size or 0) for name in sorted(there) if _wanted(name, components)
    }
    hashes = {
        name: str(lfs["sha256"] if isinstance(lfs, dict) else lfs.sha256)
        for name in files
        if (lfs := there[name].lfs) is not None
    }
    card = small.get("README.md")
    said = front_matter(card.read_text("utf-8", "replace")) if card is not None else {}
    terms = terms_of_card(said) or usual_terms(LICENCES["unknown"])
    return Offer(repository=repository, commit=commit, files=files, hashes=hashes, terms=terms)


def _wanted(name: str, components: set[str]) -> bool:
    """A file of the pipeline in its plain variant: no pickles, no code, no copies of the whole."""
    path = PurePosixPath(name)
    if name == INDEX or name in _READ:
        return True
    if len(path.parts) < 2 or path.parts[0] not in components or path.suffix not in _LOADED:
        return False
    variant = path.name.removesuffix(".index.json").removesuffix(".safetensors")
    return not (".safetensors" in path.name and "." in variant)


def fetch(wanted: Offer, folder: Path) -> Path:
    """Have the files of an offer in a folder; those that are there whole are not fetched again.

    Raises Refused for a disk that is too small, HubUnreachable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    free = shutil.disk_usage(folder).free
    if wanted.bytes - there + _HEADROOM > free:
        raise Refused.single(
            f"{wanted.bytes / 2**30:.1f} GiB are to be fetched, and the disk has "
            f"{free / 2**30:.1f} GiB free: choose another --data", str(folder),
        )  # fmt: skip
    with _translated(f"{wanted.repository}@{wanted.commit}"):
        from huggingface_hub import snapshot_download

        snapshot_download(
            wanted.repository, revision=wanted.commit, local_dir=folder,
            allow_patterns=list(wanted.files), max_workers=4,
        )  # fmt: skip
    return folder


def cached(repository: str, revision: str) -> tuple[Path, str]:
    """(folder, commit) of a repository that the Hub's own cache on this machine has whole.

    Raises Refused where it has not.
    """
    with _translated(f"{repository}@{revision}"):
        from huggingface_hub import snapshot_download

        found = Path(snapshot_download(repository, revision=revision, local_files_only=True))
    return found, found.name


def brought(cache: Path, folder: Path) -> Path:
    """The files of a cache, which are links there, as files of their own in a folder."""
    index = json_of(cache / INDEX) if (cache / INDEX).is_file() else {}
    components = {k for k, v in index.items() if isinstance(v, list) and v and v[0] is not None}
    for path in sorted(p for p in cache.rglob("*") if p.is_file()):
        name = path.relative_to(cache).as_posix()
        target = folder / name
        if not _wanted(name, components) or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path.resolve(), target)
        except OSError:  # another disk
            shutil.copyfile(path, target)
    return folder


def differing(card: Card, wanted: Offer) -> tuple[str, ...]:
    """Files whose bytes are not those that the Hub has a hash of."""
    return tuple(
        file.path for file in card.files if wanted.hashes.get(file.path, file.sha256) != file.sha256
    )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """The errors of huggingface_hub as ours."""
    try:
        from httpx2 import HTTPError
        from huggingface_hub import errors
    except ImportError as exc:
        raise EngineMissing("The Hub needs the package 'huggingface_hub'.") from exc
    try:
        yield
    except errors.GatedRepoError as exc:
        raise Refused.single(
            "its owner wants its licence accepted on the Hub first, and a token in HF_TOKEN", what
        ) from exc
    except errors.RepositoryNotFoundError as exc:
        raise Refused.single("the Hub has no such repository, or not for this token", what) from exc
    except errors.RevisionNotFoundError as exc:
        raise Refused.single("the repository has no such revision", what) from exc
    except errors.HFValidationError as exc:
        raise Refused.single("that is no name of a repository", what) from exc
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as exc:
        raise HubUnreachable(
            f"{what} is not whole in the Hub's cache on this machine, and the Hub cannot be asked."
        ) from exc
    except (OSError, HTTPError) as exc:
        raise HubUnreachable(f"The Hub did not give {what}: {exc}") from exc
