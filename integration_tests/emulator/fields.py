"""The fields of the Accounts API, with their scopes and the rules that withhold them (docs/tiktok-api.md A6, A7).

They are written from TikTok's documentation, and not from the connector's manifest. Unit tests use them too. Each needs
a value, in `PostValues`, `ProfileValues` or `DayValues`; the emulator does not start without (complete.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

INSIGHTS = "user.insights"
STATS = "user.info.stats"
VIDEO = "video.list"
VIDEO_INSIGHTS = "video.insights"
COMMENTS = "comment.list"

ANALYTICS_SCOPES = (
    "user.info.basic",
    "user.info.username",
    "user.info.profile",
    STATS,
    "user.account.type",
    INSIGHTS,
    VIDEO,
    VIDEO_INSIGHTS,
    COMMENTS,
)
"""The scopes that a connector for analytics needs (docs/tiktok-api.md A2.6)."""


class Gate(StrEnum):
    """The kind of account that a field needs."""

    ANY = "any"
    BUSINESS = "business"
    REGISTERED = "registered"


@dataclass(frozen=True, slots=True)
class Field:
    """A name in the parameter `fields`."""

    name: str
    scope: str
    is_array: bool = False
    """A list of objects, which is a stream of its own."""
    gate: Gate = Gate.ANY
    late: bool = False
    """24 to 48 hours late, and withheld on a post that is newer."""
    idle: bool = False
    """Withheld on a post without activity for more than 7 days."""


def _by_name(*fields: Field) -> dict[str, Field]:
    return {field.name: field for field in fields}


_CLICKS = ("phone_number_clicks", "lead_submissions", "app_download_clicks", "email_clicks", "address_clicks")

PROFILE_FIELDS = _by_name(
    Field("is_business_account", "user.account.type"),
    Field("profile_image", "user.info.basic"),
    Field("username", "user.info.username"),
    Field("profile_deep_link", "user.info.profile"),
    Field("display_name", "user.info.basic"),
    Field("bio_description", "user.info.profile"),
    Field("is_verified", "user.info.profile"),
    Field("following_count", STATS),
    Field("followers_count", STATS),
    Field("total_likes", STATS),
    Field("videos_count", STATS),
    Field("audience_ages", INSIGHTS, is_array=True),
    Field("audience_genders", INSIGHTS, is_array=True),
    Field("audience_countries", INSIGHTS, is_array=True),
    Field("audience_cities", INSIGHTS, is_array=True),
)

DAILY_FIELDS = _by_name(
    Field("video_views", INSIGHTS),
    Field("unique_video_views", INSIGHTS, gate=Gate.BUSINESS),
    Field("profile_views", INSIGHTS),
    Field("likes", INSIGHTS),
    Field("comments", INSIGHTS),
    Field("shares", INSIGHTS),
    Field("followers_count", INSIGHTS),
    Field("bio_link_clicks", INSIGHTS, gate=Gate.REGISTERED),
    *(Field(name, INSIGHTS, gate=Gate.REGISTERED) for name in _CLICKS),
    Field("daily_total_followers", INSIGHTS, gate=Gate.BUSINESS),
    Field("daily_new_followers", INSIGHTS, gate=Gate.BUSINESS),
    Field("daily_lost_followers", INSIGHTS, gate=Gate.BUSINESS),
    Field("engaged_audience", INSIGHTS, gate=Gate.BUSINESS),
    Field("audience_activity", INSIGHTS, is_array=True),
)

VIDEO_FIELDS = _by_name(
    Field("item_id", VIDEO),
    Field("media_type", VIDEO),
    Field("is_ad", VIDEO),
    Field("thumbnail_url", VIDEO),
    Field("share_url", VIDEO),
    Field("embed_url", VIDEO),
    Field("caption", VIDEO),
    Field("create_time", VIDEO),
    Field("video_duration", VIDEO, late=True),
    Field("likes", VIDEO, late=True),
    Field("comments", VIDEO, late=True),
    Field("shares", VIDEO, late=True),
    Field("favorites", VIDEO, late=True),
    Field("reach", VIDEO, late=True, idle=True),
    Field("video_views", VIDEO, late=True),
    Field("total_time_watched", VIDEO_INSIGHTS, late=True, idle=True),
    Field("average_time_watched", VIDEO_INSIGHTS, late=True, idle=True),
    Field("full_video_watched_rate", VIDEO_INSIGHTS, late=True, idle=True),
    Field("new_followers", VIDEO_INSIGHTS, late=True),
    Field("profile_views", VIDEO_INSIGHTS, late=True, gate=Gate.BUSINESS),
    Field("website_clicks", VIDEO_INSIGHTS, late=True, gate=Gate.REGISTERED),
    *(Field(name, VIDEO_INSIGHTS, late=True, gate=Gate.REGISTERED) for name in _CLICKS),
    Field("video_view_retention", VIDEO_INSIGHTS, is_array=True, late=True),
    Field("impression_sources", VIDEO_INSIGHTS, is_array=True, late=True, idle=True),
    Field("audience_genders", VIDEO_INSIGHTS, is_array=True, late=True),
    Field("audience_countries", VIDEO_INSIGHTS, is_array=True, late=True, idle=True),
    Field("audience_cities", VIDEO_INSIGHTS, is_array=True, late=True),
    Field("audience_types", VIDEO_INSIGHTS, is_array=True, late=True),
    Field("engagement_likes", VIDEO_INSIGHTS, is_array=True, late=True),
)

# What a response has without the parameter `fields` (docs/tiktok-api.md D4).
PROFILE_DEFAULT = ["display_name", "profile_image"]
VIDEO_DEFAULT = ["item_id"]

BUSINESS_CATEGORIES = (
    "ART_AND_CRAFTS",
    "AUTOMOTIVE_AND_TRANSPORTATION",
    "BABY",
    "BEAUTY",
    "CLOTHING_AND_ACCESSORIES",
    "EDUCATION_AND_TRAINING",
    "ELECTRONICS",
    "FINANCE_AND_INVESTING",
    "FOOD_AND_BEVERAGE",
    "GAMING",
    "HEALTH_AND_WELLNESS",
    "HOME_FURNITURE_AND_APPLIANCES",
    "MACHINERY_AND_EQUIPMENT",
    "MEDIA_AND_ENTERTAINMENT",
    "PERSONAL_BLOG",
    "PETS",
    "PROFESSIONAL_SERVICES",
    "PUBLIC_ADMINISTRATION",
    "REAL_ESTATE",
    "RESTAURANTS_AND_BARS",
    "SHOPPING_AND_RETAIL",
    "SOFTWARE_AND_APPS",
    "SPORTS_FITNESS_AND_OUTDOORS",
    "TRAVEL_AND_TOURISM",
    "OTHERS",
)
"""The values of `business_category` (docs/tiktok-api.md C)."""
