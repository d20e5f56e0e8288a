"""Repeatable random numbers: the same seed and keys give the same number in every process."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

_MASK = (1 << 64) - 1
T = TypeVar("T")


def seed_of(*parts: object) -> int:
    """Return a 64-bit seed made of any values."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def mix(seed: int, *keys: int) -> int:
    """Return 64 random bits made of a seed and keys (splitmix64)."""
    for key in keys or (0,):
        seed = (seed + 0x9E3779B97F4A7C15 * (key + 1)) & _MASK
        seed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        seed = ((seed ^ (seed >> 27)) * 0x94D049BB133111EB) & _MASK
        seed ^= seed >> 31
    return seed


def fraction(seed: int, *keys: int) -> float:
    """Return a number from 0 up to, but not including, 1."""
    return (mix(seed, *keys) >> 11) / (1 << 53)


def between(low: float, high: float, seed: int, *keys: int) -> float:
    """Return a number from `low` up to, but not including, `high`."""
    return low + (high - low) * fraction(seed, *keys)


def skewed(low: float, high: float, seed: int, *keys: int) -> float:
    """Return a number of `low` or more. The mean is in the middle of both, and one number in seven is above `high`.

    So the largest of many numbers differ, as the best posts of an account do. None is above `low` + 3 (`high` - `low`).
    """
    return low - (high - low) / 2 * math.log(1 - (1 - math.exp(-6)) * fraction(seed, *keys))


def pick(choices: Sequence[T], seed: int, *keys: int) -> T:
    """Return one of the choices."""
    return choices[mix(seed, *keys) % len(choices)]


def generator(seed: int, *keys: int) -> Random:
    """Return a generator of random numbers."""
    return Random(mix(seed, *keys))


def split(weights: Sequence[float], random: Random, spread: float = 0.25) -> list[float]:
    """Divide 1 in proportion to the weights. Each weight first changes at random by up to `spread` of itself.

    The parts are cut to four decimals, so their sum is a little below 1 (docs/tiktok-api.md D19).
    In: [3, 1]. Out, for example: [0.7311, 0.2688].
    """
    noisy = [weight * (1 + spread * (random.random() * 2 - 1)) for weight in weights]
    total = sum(noisy)
    return [floor4(value / total) for value in noisy]


def floor4(value: float) -> float:
    """Cut a fraction to four decimals."""
    return math.floor(value * 10_000) / 10_000
