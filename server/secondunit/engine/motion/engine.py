"""Loading the built-in engine: what is missing is said before anything is computed."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from secondunit.catalog.weights import FOLDERS
from secondunit.engine.engine import UNKEPT, Keep, LoadedEngine, Progress
from secondunit.engine.parallel import cores
from secondunit.errors import EngineFailed, EngineMissing

if TYPE_CHECKING:
    from secondunit.engine.motion.conditions import AnchorConditions, Field
    from secondunit.engine.motion.network import Network
    from secondunit.engine.motion.trajectory import Seen, Trajectory

NEEDED = ("cv2", "torch", "diffusers")
ASK_AGAIN = 0.1
"""Seconds after which whoever waits for the network looks whether he is to stop."""


def load(
    threads: int | None = None,
    weights: Path | None = None,
    *,
    device: str = "cpu",
    later: bool = False,
) -> LoadedEngine:
    """Return the motion engine with its weights in memory.

    Args:
        threads: of torch, and frames rendered side by side; None leaves torch as it is and takes
            every core. Another number of torch's threads may give other last bits of the motion.
        weights: folder of a saved `MotionPipeline`; None: the ones of the package.
        device: of torch, where the networks run; pictures are always moved by the processor.
        later: return at once, and load the network while the first shot's sources are read and
            compared; what is wrong with the weights is then raised by the first run.

    Raises EngineMissing where a package or the weights are not there, and EngineFailed where the
    weights cannot be read.
    """
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise EngineMissing(f"the motion engine needs the package '{package}'")
    folder = weights or FOLDERS["motion"]
    if not any(folder.rglob("*.safetensors")):
        raise EngineMissing(f"the motion engine's weights are not in {folder}")
    import cv2

    from secondunit.engine.motion.generate import MotionEngine

    # The flow cuts a picture into one stripe per thread, and the seams show in its last bits.
    cv2.setNumThreads(1)
    network = _Arriving(folder, threads, device)
    if not later:
        network.wait()
    return MotionEngine(network, network.navigate, threads or cores())


class _Arriving:
    """A network that another thread loads; implements `generate.Denoiser`.

    Importing torch and diffusers takes seconds, in which the sources can be looked at.
    """

    def __init__(self, folder: Path, threads: int | None, device: str) -> None:
        self._threads, self._device = threads, device
        self._network: Future[Network] = Future()
        thread = threading.Thread(target=self._load, args=(folder,), name="network", daemon=True)
        thread.start()

    def __call__(
        self,
        conditions: Sequence[AnchorConditions],
        steps: int,
        seed: int,
        progress: Progress,
        keep: Keep = UNKEPT,
    ) -> Sequence[Field]:
        """Wait for the network, looking for a stop meanwhile, and ask it."""
        while not self._network.done():
            progress("load the network", 0, 1)
            futures.wait([self._network], ASK_AGAIN)
        return self.wait()(conditions, steps, seed, progress, keep)

    def navigate(self, seen: Seen) -> Trajectory | None:
        """Ask the network for the footage's own motion; implements `generate.Navigator`."""
        return self.wait().navigate(seen)

    def wait(self) -> Network:
        """The network. Raises EngineMissing and EngineFailed."""
        network = self._network.result()
        if self._threads is not None:
            import torch

            torch.set_num_threads(self._threads)  # of the thread that asks
        return network

    def _load(self, folder: Path) -> None:
        try:
            from secondunit.engine.motion.network import Network

            self._network.set_result(Network(folder, self._device))
        except ImportError as exc:
            missing = EngineMissing(f"the motion engine needs the package '{exc.name or exc}'")
            missing.__cause__ = exc
            self._network.set_exception(missing)
        except Exception as exc:
            failed = EngineFailed(f"the weights in {folder} cannot be read: {exc}")
            failed.__cause__ = exc
            self._network.set_exception(failed)
