"""The family "Login Kit and Display API v2" (docs/tiktok-api.md B)."""
