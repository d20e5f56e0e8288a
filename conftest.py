"""For every run of pytest, also that of `airbyte-cdk connector test`, whose test file in .tmp/ has no conftest.py."""

import gc

pytest_plugins = ["integration_tests.acceptance"]

# As the command does (source_tiktok_organic/run.py), for the tests that make the source in their own process.
gc.set_threshold(50_000, 50, 100)
