"""Fingerprint: the hash of decoded frames, by which two renders of one request are compared."""

from __future__ import annotations

import hashlib

import numpy as np

from secondunit.timeline.picture import Picture


class Fingerprint:
    """SHA-256 of every sample of some pictures, in order, plane by plane, little-endian."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, picture: Picture) -> None:
        """Account for the next picture."""
        for plane in picture.planes:
            self._hash.update(np.ascontiguousarray(plane).data)

    @property
    def digest(self) -> str:
        """Of the pictures so far, hexadecimal."""
        return self._hash.hexdigest()
