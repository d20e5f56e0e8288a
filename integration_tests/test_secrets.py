"""Tokens and secrets are in the CONNECTOR_CONFIG message, which is what it is for, and in nothing else."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    Connector,
    Output,
    granted,
    oauth_config,
    secrets_of,
    set_fault,
    several_accounts_config,
)
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.server import RunningEmulator

PROFILE, POSTS = "business/get/", "business/video/list/"
REFRESH, TOKEN_INFO = "tt_user/oauth2/refresh_token/", "tt_user/token_info/get/"
STREAMS = ["account", "account_metrics", "videos", "videos_audience_types"]
Verb = Callable[[Connector, dict[str, Any]], Output]

# Each on every endpoint, as often as it is called. {secrets} is where TikTok repeats all that it was told.
FAILURES = [
    pytest.param(None, id="nothing"),
    pytest.param({"kind": "code", "code": 40105, "message": "Access token is incorrect: {secrets}"}, id="40105"),
    pytest.param({"kind": "code", "code": 40001, "message": "No permission: {secrets}"}, id="40001"),
    pytest.param({"kind": "code", "code": 40002, "message": "Bad parameter: {secrets}"}, id="40002"),
    pytest.param({"kind": "code", "code": 40107, "message": "Refresh token is invalid: {secrets}"}, id="40107"),
    pytest.param({"kind": "code", "code": 50000, "message": "System error: {secrets}"}, id="50000"),
    pytest.param({"kind": "code", "code": 40100, "message": "Too many requests: {secrets}"}, id="40100"),
    pytest.param({"kind": "code", "code": 12345, "message": "Something new: {secrets}"}, id="an unknown code"),
    pytest.param({"kind": "http", "status": 502}, id="HTTP 502"),
    pytest.param({"kind": "truncated_json"}, id="truncated JSON"),
    pytest.param({"kind": "cut_connection"}, id="a cut connection"),
    pytest.param({"kind": "revoke_token"}, id="a revoked token"),
]


LIKE_A_TOKEN = re.compile("(act|rft)[.][A-Za-z0-9]{20}")


def forms_of(secrets: set[str]) -> set[str]:
    """The secrets as URLs, forms, JSON and Python's own notation write them."""
    written = {
        form
        for secret in secrets
        for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    }
    return written | {repr(secret)[1:-1] for secret in secrets}


def found_outside_of_control_messages(output: Output, secrets: set[str]) -> list[str]:
    """The lines that show a secret in any form."""
    lines = [line for line in output.text.splitlines() if not line.startswith('{"type":"CONTROL"')]
    forms = forms_of(secrets)
    return [line[:300] for line in lines if any(form in line for form in forms) or LIKE_A_TOKEN.search(line)]


def fail_everywhere(tiktok: RunningEmulator, failure: dict[str, Any] | None, known: set[str]) -> None:
    """Let a failure happen on every endpoint, with all these secrets in its message."""
    if failure:
        repeated = " ".join(sorted(forms_of(known)))
        message = failure.get("message", "").replace("{secrets}", repeated)
        for path in (PROFILE, POSTS, REFRESH, TOKEN_INFO):
            set_fault(tiktok, path, **{"times": None, **failure, "message": message})


def check(connector: Connector, config: dict[str, Any]) -> Output:
    """Run `check`."""
    return connector.check(config)


def read(connector: Connector, config: dict[str, Any]) -> Output:
    """Run `read`."""
    return connector.read(config, STREAMS)


@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_that_is_printed_at_debug_level_holds_a_secret(
    connector: Connector, tiktok: RunningEmulator, failure: dict[str, Any] | None
) -> None:
    config = oauth_config(tiktok)
    known = secrets_of(config)
    fail_everywhere(tiktok, failure, known)

    output = connector.without_waiting.at_debug_level.read(config, STREAMS)

    assert "DEBUG" in output.text
    assert found_outside_of_control_messages(output, known | secrets_of(*output.written_back)) == []
    assert not any(secret in json.dumps(output.state) for secret in known)


@pytest.mark.parametrize(
    ("verb", "failure"),
    [
        pytest.param(read, None, id="read"),
        pytest.param(check, {"kind": "code", "code": 40105, "message": "Invalid: {secrets}"}, id="check, 40105"),
        pytest.param(read, {"kind": "revoke_token"}, id="read, a revoked token"),
    ],
)
def test_nothing_that_is_printed_holds_a_secret_of_any_account(
    connector: Connector, start_tiktok: StartTikTok, verb: Verb, failure: dict[str, Any] | None
) -> None:
    tiktok = start_tiktok(*[AccountSpec(posts=2)] * 3)
    config = several_accounts_config(tiktok)
    entry = config["additional_accounts"][1]
    del entry["refresh_token"]
    entry["business_id"] = list(tiktok.emulator.accounts)[2]
    entry["access_token"] = granted(tiktok, entry["business_id"])["access_token"]
    known = secrets_of(config)
    assert len(known) == 4
    fail_everywhere(tiktok, failure, known)

    output = verb(connector.without_waiting.at_debug_level, config)

    assert "DEBUG" in output.text
    assert found_outside_of_control_messages(output, known | secrets_of(*output.written_back)) == []
    assert not any(secret in json.dumps(output.state) for secret in known)


def test_discover_at_debug_level_holds_no_secret_and_calls_nobody(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    config = oauth_config(tiktok)

    output = connector.at_debug_level.discover(config)

    assert "DEBUG" in output.text
    assert found_outside_of_control_messages(output, secrets_of(config)) == []
    assert requests.get(f"{tiktok.url}/_emulator/calls", timeout=10).json() == []


def test_tiktok_is_told_no_secret_in_a_url(connector: Connector, tiktok: RunningEmulator) -> None:
    config = oauth_config(tiktok)
    output = connector.read(config, STREAMS)

    calls = requests.get(f"{tiktok.url}/_emulator/calls", timeout=10).json()
    assert len(calls) == 5
    for call in calls:
        assert "token" not in json.dumps(call["params"])
        assert not any(form in json.dumps(call) for form in forms_of(secrets_of(config, *output.written_back)))


@pytest.mark.parametrize("secret", ["a\"quoted\\secret per%cent+plus/slash= d'été", "{{ config }}"])
def test_a_secret_of_any_characters_arrives_as_it_is_and_stays_hidden(
    connector: Connector, start_tiktok: StartTikTok, secret: str
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=2))
    config = oauth_config(tiktok)
    config["credentials"]["client_secret"] = secret
    set_fault(tiktok, REFRESH, "code", code=40101, message=f"Wrong: {' '.join(sorted(forms_of({secret})))}")

    output = connector.at_debug_level.check(config)

    assert output.connection_status["status"] == "FAILED"
    assert found_outside_of_control_messages(output, {secret}) == []
