"""Age, gender, country, city and active hours of followers and viewers (docs/tiktok-api.md A6, A7)."""

from __future__ import annotations

from dataclasses import dataclass

from . import noise, vocabulary
from .envelope import JsonObject

_AGES = ("18-24", "25-34", "35-44", "45-54", "55+")
_GENDERS = ("Female", "Male", "Other")
# How active followers are in each hour of a day, UTC.
_ACTIVITY = (9, 6, 4, 3, 3, 4, 7, 10, 12, 13, 13, 14, 16, 15, 14, 15, 17, 20, 24, 27, 28, 25, 19, 13)


@dataclass(frozen=True, slots=True)
class Demographics:
    """The audience of an account. Each method varies it a little, by a seed."""

    age_weights: tuple[float, ...]
    gender_weights: tuple[float, ...]
    homes: tuple[tuple[str, tuple[str, ...]], ...]
    country_weights: tuple[float, ...]

    @classmethod
    def draw(cls, seed: int) -> Demographics:
        """Make the audience of an account."""
        random = noise.generator(seed)
        female = random.uniform(0.3, 0.7)
        homes = [*vocabulary.HOMES]
        # One of the first three countries leads by far. The others follow roughly in the order of the list.
        leading = homes.pop(random.randrange(3))
        homes = sorted(homes, key=lambda home: homes.index(home) + random.uniform(0, 3))
        return cls(
            age_weights=tuple(weight * random.uniform(0.7, 1.3) for weight in (0.31, 0.38, 0.18, 0.08, 0.05)),
            gender_weights=(female, 0.98 - female, 0.02),
            homes=(leading, *homes),
            country_weights=(0.58, *(0.3 * 0.6**rank for rank in range(len(homes)))),
        )

    def ages(self, seed: int) -> list[JsonObject]:
        """Return the `audience_ages` array."""
        return _records("age", _AGES, noise.split(self.age_weights, noise.generator(seed), 0.05))

    def genders(self, seed: int) -> list[JsonObject]:
        """Return the `audience_genders` array."""
        return _records("gender", _GENDERS, noise.split(self.gender_weights, noise.generator(seed), 0.1))

    def countries(self, seed: int) -> list[JsonObject]:
        """Return the `audience_countries` array: the top ten."""
        parts = noise.split(self.country_weights, noise.generator(seed))
        return _top("country", [country for country, _ in self.homes], parts)

    def cities(self, seed: int, *, prefixed: bool) -> list[JsonObject]:
        """Return the `audience_cities` array: the top ten. Those of a post are `prefixed` with the country."""
        names, weights = [], []
        for (country, cities), weight in zip(self.homes, self.country_weights, strict=True):
            for rank, city in enumerate(cities):
                names.append(f"{country} {city}" if prefixed else city)
                weights.append(weight * 0.4 / (rank + 1.2))
        elsewhere = sum(weights)
        parts = noise.split([*weights, elsewhere], noise.generator(seed))
        return _top("city_name", names, parts[: len(names)])

    @staticmethod
    def activity(followers: int, seed: int) -> list[int]:
        """Return how many followers are active in each of the 24 hours of a day, UTC."""
        random = noise.generator(seed)
        return [int(followers * active * 0.0065 * random.uniform(0.93, 1.07)) for active in _ACTIVITY]


def _records(label: str, names: tuple[str, ...], parts: list[float]) -> list[JsonObject]:
    return [{"percentage": part, label: name} for name, part in zip(names, parts, strict=True)]


def _top(label: str, names: list[str], parts: list[float]) -> list[JsonObject]:
    ranked = sorted(zip(parts, names, strict=True), reverse=True)[:10]
    return [{"percentage": part, label: name} for part, name in ranked]
