"""spec, check and discover, and what they say about a config that can't work."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from integration_tests.connector import (
    COMMAND,
    COMMENT_STREAMS,
    STREAMS,
    Connector,
    ReadyToRun,
    calls,
    oauth_config,
    token_config,
)
from integration_tests.emulator.server import RunningEmulator


def test_spec_names_the_ways_to_authenticate_and_hides_the_secrets(connector: Connector) -> None:
    (message,) = connector.installed.spec().of_type("SPEC")
    specification = message["spec"]["connectionSpecification"]
    variants = specification["properties"]["credentials"]["oneOf"]
    assert [variant["properties"]["auth_type"]["const"] for variant in variants] == [
        "business_oauth",
        "business_access_token",
        "login_kit",
    ]
    secrets = {name for variant in variants for name, one in variant["properties"].items() if one.get("airbyte_secret")}
    assert secrets == {"client_id", "client_key", "client_secret", "refresh_token", "access_token"}
    assert specification["properties"]["api_url"]["airbyte_hidden"] is True


def test_discover_lists_the_seventeen_streams_without_a_call(connector: Connector, tiktok: RunningEmulator) -> None:
    output = connector.discover(oauth_config(tiktok))
    assert list(output.catalog) == [*STREAMS, *COMMENT_STREAMS]
    assert calls(tiktok) == {}


@pytest.mark.parametrize("make_config", [oauth_config, token_config])
def test_check_succeeds_with_at_most_two_calls(connector: Connector, tiktok: RunningEmulator, make_config: Any) -> None:
    output = connector.check(make_config(tiktok))
    assert output.connection_status["status"] == "SUCCEEDED"
    assert sum(calls(tiktok).values()) <= 2


def test_check_says_that_a_dead_access_token_must_be_replaced(connector: Connector, tiktok: RunningEmulator) -> None:
    config = token_config(tiktok)
    config["credentials"]["access_token"] = "act.dead!5001.em"
    status = connector.check(config).connection_status
    assert status["status"] == "FAILED"
    assert "put a new one into the source's settings" in status["message"]


def test_check_says_that_a_dead_refresh_token_needs_a_new_authentication(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    config = oauth_config(tiktok)
    config["credentials"]["refresh_token"] = "rft.dead!5001.em"
    output = connector.check(config)
    assert output.connection_status["status"] == "FAILED"
    assert "Authenticate the account again" in output.connection_status["message"]
    assert "rft.dead" not in output.text


TOKEN_CREDENTIALS = {"auth_type": "business_access_token", "access_token": "act.unused", "business_id": "-000abc"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"credentials": {"auth_type": "business_access_token", "access_token": "act.unused"}},
            "The setting `credentials.business_id` is missing.",
        ),
        ({"num_workers": "some"}, "The setting `num_workers` is 'some', but it must be a whole number from 2 to 20"),
        ({"start_date": "2999-01-01"}, "The setting `start_date` is 2999-01-01, which is in the future."),
        ({"api_url": "http://tiktok.example"}, "The setting `api_url` must begin with https://"),
    ],
)
def test_a_config_that_cannot_work_gets_one_sentence_and_makes_no_call(
    connector: Connector, tiktok: RunningEmulator, change: dict[str, Any], sentence: str
) -> None:
    config = {"credentials": TOKEN_CREDENTIALS, "api_url": tiktok.url, **change}

    status = connector.check(config).connection_status
    output = connector.read(config)

    assert status["status"] == "FAILED"
    assert sentence in status["message"]
    assert output.exit_code == 1
    assert len(output.errors) == 1
    assert sentence in output.errors[0]
    assert requests.get(f"{tiktok.url}/_emulator/calls", timeout=10).json() == []


@pytest.mark.parametrize(
    ("option", "content", "reason"),
    [
        ("--config", None, "cannot be read (No such file or directory). Check its name"),
        ("--config", "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("--config", "[]", "is not an object"),
        (
            "--catalog",
            '{"streams": [{"stream": {"name": "videos"}}]}',
            "`python -m source_tiktok_organic.catalog` makes",
        ),
        ("--catalog", '{"type": "CATALOG"}', "`python -m source_tiktok_organic.catalog` makes a"),
        ("--state", '{"videos": {}}', "`[]` is the state of a first sync"),
    ],
    ids=["missing", "no JSON", "no object", "a catalog without schemas", "another message", "a state of old"],
)
def test_a_file_that_cannot_be_used_is_named_in_a_sentence_without_a_traceback(
    ready: ReadyToRun, tmp_path: Path, option: str, content: str | None, reason: str
) -> None:
    contents = {"--config": "{}", "--catalog": '{"streams": []}', "--state": "[]", option: content}
    arguments = []
    for name, text in contents.items():
        path = tmp_path / f"{name.strip('-')}.json"
        if text:
            path.write_text(text)
        arguments += [name, str(path)]

    process = ready.run([COMMAND, "read", *arguments], tmp_path)

    error = json.loads(process.stdout.splitlines()[-1])["trace"]["error"]
    assert process.returncode == 1
    assert error["failure_type"] == "config_error"
    assert str(tmp_path / f"{option.strip('-')}.json") in error["message"]
    assert reason in error["message"]
    assert "Traceback" not in process.stdout


def test_without_a_verb_the_command_says_what_there_is(ready: ReadyToRun, tmp_path: Path) -> None:
    process = ready.run([COMMAND], tmp_path)

    assert process.returncode == 0
    assert "reads the source and outputs messages to STDOUT" in process.stdout
