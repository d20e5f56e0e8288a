"""An Airbyte source for organic TikTok data."""

from source_tiktok_organic.source import SourceTiktokOrganic

__all__ = ["SourceTiktokOrganic"]
