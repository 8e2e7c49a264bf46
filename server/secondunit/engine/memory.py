"""What of a foreign error says that memory ran out, or that the device itself is broken."""

from __future__ import annotations

from collections.abc import Iterator

_NO_MEMORY = ("out of memory", "can't allocate", "cannot allocate", "insufficient memory")
_BROKEN = ("cuda error", "cudnn error", "cublas error", "device-side assert", "nccl error")


def out_of_memory(error: BaseException) -> bool:
    """There was not enough memory, of the machine or of a device. Also of errors it came from."""
    return any(_short(one) for one in _chain(error))


def device_broken(error: BaseException) -> bool:
    """The process can use its device no more: whatever runs next in it would fail too."""
    return any(
        type(one).__name__ == "AcceleratorError" or any(w in str(one).lower() for w in _BROKEN)
        for one in _chain(error)
        if isinstance(one, RuntimeError)
    )


def give_back() -> None:
    """Have torch give freed memory of a card back; imports torch."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _short(error: BaseException) -> bool:
    # By name and text: torch has classes of its own and is not imported to tell them, its CPU
    # allocator and OpenCV raise what they raise for everything else.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    foreign = isinstance(error, RuntimeError) or type(error).__module__ == "cv2"
    return foreign and any(words in str(error).lower() for words in _NO_MEMORY)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
