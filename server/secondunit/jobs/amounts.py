"""Times, money and sizes in words for people."""

from __future__ import annotations


def seconds_words(seconds: float) -> str:
    """`0.4 s`, `35 s`, `12 min 5 s`, `3 h 20 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def money_words(micros: int, currency: str) -> str:
    """`12.50 EUR`; two figures of what is less than ten cents, so that nothing looks free."""
    amount = abs(micros) / 1e6
    digits = 2
    while digits < 6 and 0 < amount < 10 ** (1 - digits):
        digits += 1
    return f"{micros / 1e6:.{digits}f} {currency}".rstrip()


def bytes_words(size: int) -> str:
    """`640 MiB`, `1.2 GiB`."""
    mib = size / 2**20
    return f"{mib / 1024:.1f} GiB" if mib >= 1000 else f"{mib:.0f} MiB" if mib >= 1 else "1 MiB"
