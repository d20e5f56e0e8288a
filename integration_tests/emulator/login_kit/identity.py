"""The ids of an account in Login Kit (docs/tiktok-api.md B3)."""

from __future__ import annotations

from uuid import UUID

from .. import noise


def open_id_in(app_id: str, open_id: str) -> str:
    """Return the account's open_id, which is different in each app."""
    return _uuid("open_id", app_id, open_id)


def union_id(open_id: str) -> str:
    """Return the account's union_id, which is the same in all apps of a developer."""
    return _uuid("union_id", open_id)


def _uuid(*parts: str) -> str:
    high, low = noise.seed_of(*parts, "high"), noise.seed_of(*parts, "low")
    return str(UUID(int=high << 64 | low, version=4))
