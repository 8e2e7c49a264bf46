"""Loading the built-in engine: what is missing is said before anything is computed."""

from __future__ import annotations

from pathlib import Path

from secondunit.catalog.weights import FOLDERS
from secondunit.engine.engine import LoadedEngine
from secondunit.errors import EngineFailed, EngineMissing


def load(threads: int | None = None, weights: Path | None = None) -> LoadedEngine:
    """Return the motion engine with its weights in memory.

    Args:
        threads: of torch; None leaves it as it is. Another number may give other last bits.
        weights: folder of a saved `MotionPipeline`; None: the ones of the package.

    Raises EngineMissing where a package or the weights are not there, and EngineFailed where the
    weights cannot be read.
    """
    try:
        import cv2
        import torch

        from secondunit.engine.motion.generate import MotionEngine
        from secondunit.engine.motion.network import Network
    except ImportError as exc:
        missing = exc.name or str(exc)
        raise EngineMissing(f"the motion engine needs the package '{missing}'") from exc
    if threads is not None:
        torch.set_num_threads(threads)
    # The flow cuts a picture into one stripe per thread, and the seams show in its last bits.
    cv2.setNumThreads(1)
    folder = weights or FOLDERS["motion"]
    if not any(folder.rglob("*.safetensors")):
        raise EngineMissing(f"the motion engine's weights are not in {folder}")
    try:
        network = Network(folder)
        return MotionEngine(network, network.navigator)
    except (OSError, ValueError, RuntimeError, KeyError) as exc:
        raise EngineFailed(f"the weights in {folder} cannot be read: {exc}") from exc
