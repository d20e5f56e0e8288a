"""An Airbyte source for organic TikTok data."""

from typing import Any


def __getattr__(name: str) -> Any:
    """The class of the source, imported when it is asked for: `keep` needs nothing of the CDK, which takes a second."""
    if name == "SourceTiktokOrganic":
        from source_tiktok_organic.source import SourceTiktokOrganic

        return SourceTiktokOrganic
    raise AttributeError(name)
