"""For `airbyte-cdk connector test`: its test file is in .tmp/, so pytest loads no other conftest.py for it."""

pytest_plugins = ["integration_tests.acceptance"]
