"""Under which names Login Kit knows an account."""

from __future__ import annotations

from uuid import UUID

from .. import noise


def open_id_in(app_id: str, open_id: str) -> str:
    """Return the account's open_id in an app: the same account has another one in another app.

    docs/tiktok-api.md B3.
    """
    return _uuid("open_id", app_id, open_id)


def union_id(open_id: str) -> str:
    """Return the id that the account has in all apps of a developer."""
    return _uuid("union_id", open_id)


def _uuid(*parts: str) -> str:
    high, low = noise.seed_of(*parts, "high"), noise.seed_of(*parts, "low")
    return str(UUID(int=high << 64 | low, version=4))
