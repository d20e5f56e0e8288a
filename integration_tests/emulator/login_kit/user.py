"""GET v2/user/info/: the profile and its public counters (docs/tiktok-api.md B3)."""

from __future__ import annotations

from typing import Any

from .. import noise, urls
from ..accounts import Account
from ..profile import ProfileValues
from .identity import union_id

_AVATARS = {"avatar_url": "168x168", "avatar_url_100": "100x100", "avatar_large_url": "1080x1080"}
_SAME_AS = {
    "follower_count": "followers_count",
    "likes_count": "total_likes",
    "video_count": "videos_count",
}
"""Field to the field of the TikTok API for Business with the same value."""


class UserValues:
    """The values of the fields of an account at one instant."""

    def __init__(self, account: Account, open_id: str, now: float) -> None:
        """Take the account, its open_id in Login Kit, and the instant in epoch seconds."""
        self._account = account
        self._open_id = open_id
        self._now = now
        self._business_values = ProfileValues(account, now)

    def value(self, name: str) -> Any:
        """Return the value of a field."""
        if name == "open_id":
            return self._open_id
        if name == "union_id":
            return union_id(self._account.open_id)
        if name in _AVATARS:
            picture = noise.mix(self._account.seed, 4)
            return urls.signed(f"tos-maliva-avt-0068/{picture:016x}~c5_{_AVATARS[name]}.jpeg", self._now)
        return self._business_values.value(_SAME_AS.get(name, name))
