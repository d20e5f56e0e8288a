"""Repeatable randomness: the same seed and keys always give the same number."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

_MASK = (1 << 64) - 1
T = TypeVar("T")


def seed_of(*parts: object) -> int:
    """Turn any values into a 64-bit seed that is the same in every process."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def mix(seed: int, *keys: int) -> int:
    """Scramble a seed and keys into 64 bits (the splitmix64 finaliser)."""
    for key in keys or (0,):
        seed = (seed + 0x9E3779B97F4A7C15 * (key + 1)) & _MASK
        seed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        seed = ((seed ^ (seed >> 27)) * 0x94D049BB133111EB) & _MASK
        seed ^= seed >> 31
    return seed


def unit(seed: int, *keys: int) -> float:
    """Return a number in [0, 1)."""
    return (mix(seed, *keys) >> 11) / (1 << 53)


def between(low: float, high: float, seed: int, *keys: int) -> float:
    """Return a number in [low, high)."""
    return low + (high - low) * unit(seed, *keys)


def pick(choices: Sequence[T], seed: int, *keys: int) -> T:
    """Return one of the choices."""
    return choices[mix(seed, *keys) % len(choices)]


def stream(seed: int, *keys: int) -> Random:
    """Return a generator, for when many draws are needed at one place."""
    return Random(mix(seed, *keys))


def shares(weights: Sequence[float], random: Random, spread: float = 0.25) -> list[float]:
    """Spread 1 over the weights with some noise.

    Rounded down to four decimals, so that the parts do not sum to exactly 1 (docs/tiktok-api.md D19).
    """
    noisy = [weight * (1 + spread * (random.random() * 2 - 1)) for weight in weights]
    total = sum(noisy)
    return [floor4(value / total) for value in noisy]


def floor4(value: float) -> float:
    """Cut a fraction to four decimals."""
    return math.floor(value * 10_000) / 10_000
