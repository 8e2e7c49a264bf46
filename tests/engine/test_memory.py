"""Errors of others, told apart: too little memory, a broken device, anything else."""

from __future__ import annotations

import pytest
import torch
from secondunit.engine.memory import device_broken, out_of_memory
from secondunit.errors import EngineFailed


def caused(error: Exception, cause: Exception) -> Exception:
    try:
        raise error from cause
    except type(error) as exc:
        return exc


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
        caused(EngineFailed("the motion network failed"), MemoryError()),
    ],
)  # fmt: skip
def test_too_little_memory_is_known_whoever_says_it(error: Exception) -> None:
    assert out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        EngineFailed("the footage ran out of memory lane"),
        ValueError("out of memory"),
        RuntimeError("shapes do not match"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not out_of_memory(error)


def test_a_device_that_is_of_no_use_any_more_is_known() -> None:
    broken = RuntimeError("CUDA error: an illegal memory access was encountered")
    assert device_broken(caused(EngineFailed("the motion network failed"), broken))
    assert not device_broken(EngineFailed("CUDA error"))


def test_more_than_can_be_had_is_what_torch_says_it_is() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert out_of_memory(caught.value)
