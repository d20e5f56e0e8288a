"""An Airbyte source for organic TikTok data."""
