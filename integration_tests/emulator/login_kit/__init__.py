"""The family "Login Kit and Display API v2" (fact sheet B)."""
