"""Every scope and field of Login Kit and the Display API (docs/tiktok-api.md B1, B3, B6)."""

from __future__ import annotations

BASIC = "user.info.basic"
PROFILE = "user.info.profile"
STATS = "user.info.stats"
VIDEO = "video.list"
SCOPES = (BASIC, PROFILE, STATS, VIDEO)

USER_FIELDS = {
    "open_id": BASIC,
    "union_id": BASIC,
    "avatar_url": BASIC,
    "avatar_url_100": BASIC,
    "avatar_large_url": BASIC,
    "display_name": BASIC,
    "bio_description": PROFILE,
    "profile_deep_link": PROFILE,
    "is_verified": PROFILE,
    "username": PROFILE,
    "follower_count": STATS,
    "following_count": STATS,
    "likes_count": STATS,
    "video_count": STATS,
}
"""Field to scope."""

VIDEO_FIELDS = (
    "id",
    "create_time",
    "cover_image_url",
    "share_url",
    "video_description",
    "duration",
    "height",
    "width",
    "title",
    "embed_html",
    "embed_link",
    "like_count",
    "comment_count",
    "share_count",
    "view_count",
    "is_aigc",
)
"""All of them need the scope video.list."""
