"""Which devices do the work, and what memory they have; nothing here loads an engine."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
from pathlib import Path

from secondunit.config import Config

CPU = "cpu"
CUDA = "cuda"
ASK_SECONDS = 10.0
"""For an answer of the driver's own tool."""
_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")


def devices(config: Config) -> tuple[str, ...]:
    """One name for each worker: `cpu`, `cuda:0`. The operator's, else every CUDA device, else one
    `cpu`."""
    if config.schedule.devices:
        return config.schedule.devices
    if not _torch_knows_cuda():
        return (CPU,)
    return tuple(f"{CUDA}:{n}" for n in range(len(_visible()))) or (CPU,)


def environment(device: str) -> dict[str, str]:
    """What a worker's environment needs, so that its device is the only one that it sees."""
    kind, _, number = device.partition(":")
    if kind != CUDA:
        return {"CUDA_VISIBLE_DEVICES": ""}
    visible = _visible()
    place = int(number) if number.isdecimal() else 0
    return {"CUDA_VISIBLE_DEVICES": visible[place] if place < len(visible) else str(place)}


def kind_of(device: str) -> str:
    """`cuda` or `cpu`: what a worker calls the one device that it sees."""
    return device.partition(":")[0]


def memory_bytes(config: Config, device: str) -> int:
    """What a worker may use: the operator's limit, else all that the device has; 0: not known."""
    if config.schedule.memory_mib:
        return config.schedule.memory_mib * 2**20
    if kind_of(device) == CUDA:
        return _card_bytes(environment(device)["CUDA_VISIBLE_DEVICES"])
    limits = [_machine_bytes(), *_group_bytes()]
    return min((n for n in limits if n), default=0)


def _torch_knows_cuda() -> bool:
    found = importlib.util.find_spec("torch")  # looks, and imports nothing
    places = found.submodule_search_locations if found else None
    return any((Path(place) / "lib" / "libtorch_cuda.so").exists() for place in places or ())


def _visible() -> list[str]:
    """CUDA's names of the devices that this process may use."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        whole = [part.strip() for part in named.split(",")]
        end = next((n for n, part in enumerate(whole) if part in ("", "-1")), len(whole))
        return whole[:end]
    cards = _PROC / "driver" / "nvidia" / "gpus"
    if cards.is_dir():
        return [str(n) for n in range(sum(1 for _ in cards.iterdir()))]
    return [str(n) for n in range(len(_asked("--list-gpus")))]


def _asked(*flags: str) -> list[str]:
    try:
        done = subprocess.run(
            ["nvidia-smi", *flags], capture_output=True, text=True, check=True, timeout=ASK_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines()


def _card_bytes(name: str) -> int:
    lines = _asked("--query-gpu=memory.total", "--format=csv,noheader,nounits", "-i", name)
    return int(lines[0]) * 2**20 if lines and lines[0].strip().isdecimal() else 0


def _machine_bytes() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (_PROC / "meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    return 0


def _group_bytes() -> list[int]:
    """The limits of the control groups that this process is in."""
    limits: list[int] = []
    with contextlib.suppress(OSError, IndexError):
        inner = (_PROC / "self" / "cgroup").read_text().strip().splitlines()[-1].split("::")[-1]
        folder = _CGROUP / inner.lstrip("/")
        while folder.is_relative_to(_CGROUP):
            with contextlib.suppress(OSError, ValueError):
                limits.append(int((folder / "memory.max").read_text()))
            folder = folder.parent
    return limits
