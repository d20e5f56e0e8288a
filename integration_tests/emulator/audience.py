"""Who follows an account and who watches a post."""

from __future__ import annotations

from dataclasses import dataclass

from . import noise, vocabulary
from .envelope import JsonObject

_AGES = ("18-24", "25-34", "35-44", "45-54", "55+")
_GENDERS = ("Female", "Male", "Other")
_AWAKE = (9, 6, 4, 3, 3, 4, 7, 10, 12, 13, 13, 14, 16, 15, 14, 15, 17, 20, 24, 27, 28, 25, 19, 13)


@dataclass(frozen=True, slots=True)
class Demographics:
    """The stable make-up of an account's audience."""

    age_weights: tuple[float, ...]
    gender_weights: tuple[float, ...]
    homes: tuple[tuple[str, tuple[str, ...]], ...]
    country_weights: tuple[float, ...]

    @classmethod
    def of(cls, seed: int) -> Demographics:
        """Draw the audience of an account."""
        random = noise.stream(seed)
        female = random.uniform(0.3, 0.7)
        homes = [*vocabulary.HOMES]
        # The home market leads by far; the others come roughly by size.
        leading = homes.pop(random.randrange(3))
        homes = sorted(homes, key=lambda home: homes.index(home) + random.uniform(0, 3))
        return cls(
            age_weights=tuple(weight * random.uniform(0.7, 1.3) for weight in (0.31, 0.38, 0.18, 0.08, 0.05)),
            gender_weights=(female, 0.98 - female, 0.02),
            homes=(leading, *homes),
            country_weights=(0.58, *(0.3 * 0.6**place for place in range(len(homes)))),
        )

    def ages(self, seed: int) -> list[JsonObject]:
        """Return the `audience_ages` array."""
        return _rows("age", _AGES, noise.shares(self.age_weights, noise.stream(seed), 0.05))

    def genders(self, seed: int) -> list[JsonObject]:
        """Return the `audience_genders` array."""
        return _rows("gender", _GENDERS, noise.shares(self.gender_weights, noise.stream(seed), 0.1))

    def countries(self, seed: int) -> list[JsonObject]:
        """Return the ten leading countries, a partial list."""
        random = noise.stream(seed)
        parts = noise.shares(self.country_weights, random)
        return _top("country", [country for country, _ in self.homes], parts)

    def cities(self, seed: int, *, prefixed: bool) -> list[JsonObject]:
        """Return the ten leading cities; those of a post carry the country before the name (docs/tiktok-api.md A7)."""
        random = noise.stream(seed)
        names, weights = [], []
        for (country, cities), weight in zip(self.homes, self.country_weights, strict=True):
            for rank, city in enumerate(cities):
                names.append(f"{country} {city}" if prefixed else city)
                weights.append(weight * 0.4 / (rank + 1.2))
        elsewhere = sum(weights)
        return _top("city_name", names, noise.shares([*weights, elsewhere], random)[: len(names)])

    @staticmethod
    def activity(followers: int, seed: int) -> list[int]:
        """Return how many followers are active in each hour of a day, UTC."""
        random = noise.stream(seed)
        return [int(followers * awake * 0.0065 * random.uniform(0.93, 1.07)) for awake in _AWAKE]


def _rows(label: str, names: tuple[str, ...], parts: list[float]) -> list[JsonObject]:
    return [{"percentage": part, label: name} for name, part in zip(names, parts, strict=True)]


def _top(label: str, names: list[str], parts: list[float]) -> list[JsonObject]:
    ranked = sorted(zip(parts, names, strict=True), reverse=True)[:10]
    return [{"percentage": part, label: name} for part, name in ranked]
