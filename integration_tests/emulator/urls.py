"""URLs in TikTok's forms."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from urllib.parse import quote

_UTM = "utm_campaign=tt4d_open_api&utm_source="


def signed(path: str, now: float, hours: int = 48) -> str:
    """Return a temporary URL of an image. It is different on every read (docs/tiktok-api.md D15)."""
    expires = int(now + hours * 3600) // 3600 * 3600
    signature = quote(secrets.token_urlsafe(6) + signature_of(path, str(expires)), safe="")
    return f"https://p16-sign-va.tiktokcdn.com/{path}?x-expires={expires}&x-signature={signature}"


def signature_of(path: str, expires: str) -> str:
    """Return the end of the signature of an address that has this path and end."""
    return urlsafe_b64encode(hashlib.sha256(f"{path} {expires}".encode()).digest()[:14]).decode()


def share(username: str, item_id: int, *, photo: bool, app_id: str) -> str:
    """Return the URL of a post (docs/tiktok-api.md A7)."""
    return f"https://www.tiktok.com/@{username}/{'photo' if photo else 'video'}/{item_id}?{_UTM}{app_id}"


def embed(item_id: int, app_id: str) -> str:
    """Return the URL of the embedded player (docs/tiktok-api.md A7)."""
    return f"https://www.tiktok.com/player/v1/{item_id}?music_info=1&description=1&autoplay=1&loop=1&{_UTM}{app_id}"


def redirect_warnings(url: str) -> list[str]:
    """Return the rules of TikTok's portal that a redirect URL breaks (docs/tiktok-api.md A1).

    In: "http://example.com/". Out: ["must begin with https://"].
    """
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    rules = {
        "must begin with https://": scheme == "https",
        "must end with /": url.endswith("/"),
        "must have no query and no fragment": "?" not in url and "#" not in url,
        "must have no port": ":" not in host,
        "must have 10 to 512 characters": 10 <= len(url) <= 512,
    }
    return [rule for rule, kept in rules.items() if not kept]
