"""Login Kit with the Display API v2 (docs/tiktok-api.md B)."""
