"""GET business/benchmark/: averages of a business category (docs/tiktok-api.md A9)."""

from __future__ import annotations

from datetime import date

from . import noise
from .envelope import JsonObject, bad_parameter
from .fields import BUSINESS_CATEGORIES
from .parameters import Query, required


def benchmark(query: Query, seed: int, today: date) -> JsonObject:
    """Return the averages of the requested category. Each day they differ by up to 1 % from a fixed value.

    Raises ApiError for an unknown category.
    """
    category = required(query, "business_category")
    if category not in BUSINESS_CATEGORIES:
        raise bad_parameter("business_category", f"must be one of: {', '.join(BUSINESS_CATEGORIES)}")
    index = BUSINESS_CATEGORIES.index(category)
    drift = noise.between(0.99, 1.01, seed, index, today.toordinal())
    followers = noise.between(4_000, 60_000, seed, index, 1)
    views = followers * noise.between(8, 20, seed, index, 2)
    likes = views * noise.between(0.07, 0.12, seed, index, 3)
    comments = likes * noise.between(0.02, 0.04, seed, index, 4)
    shares = likes * noise.between(0.01, 0.03, seed, index, 5)
    return {
        "business_category": category,
        "average_likes": round(likes * drift, 4),
        "average_comments": round(comments * drift, 4),
        "average_shares": round(shares * drift, 4),
        "average_video_count": round(noise.between(30, 160, seed, index, 6), 1),
        "average_follower_count": round(followers * drift, 1),
        "average_follower_growth": round(followers * noise.between(0.02, 0.06, seed, index, 7) * drift, 1),
        "average_engagement_rate": round((likes + comments + shares) / views * drift, 4),
        "average_video_views": round(views * drift, 1),
    }
