"""The example that makes a connection for each account of a list, against answers of Airbyte's public API."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from examples import connections
from integration_tests.connector import COMMENT_STREAMS, STREAMS

API = "https://airbyte.example.com/api/public/v1"
PLAN = {
    "airbyte_url": "https://airbyte.example.com/",
    "workspace_id": "871d9b60-11d1-44cb-8c92-c246d53bf87e",
    "definition_id": "7546112d-2fb0-410f-8056-290d896038f1",
    "destination_id": "669dd1e3-6208-43ea-bc85-5914e0a570f6",
    "credentials": {"client_id": "7400000000000000001", "client_secret": "app secret"},
    "accounts": [
        {"name": "harbour_coffee", "refresh_token": "rft.1"},
        {"name": "old_mill_bakery", "refresh_token": "rft.2"},
    ],
}


@pytest.fixture
def airbyte(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """An Airbyte that has a source for the second account, on the second page of its list."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(PLAN))
    monkeypatch.setenv("AIRBYTE_CLIENT_ID", "application")
    monkeypatch.setenv("AIRBYTE_CLIENT_SECRET", "application secret")
    monkeypatch.setattr("sys.argv", ["connections", str(plan)])
    with requests_mock.Mocker() as mocker:
        mocker.post(f"{API}/applications/token", json={"access_token": "token", "token_type": "Bearer"})
        mocker.get(f"{API}/sources?offset=0", json={"data": [{"name": "Faker"}, {"name": "Postgres"}]})
        mocker.get(f"{API}/sources?offset=2", json={"data": [{"name": "TikTok old_mill_bakery"}]})
        mocker.get(f"{API}/sources?offset=3", json={"data": []})
        mocker.post(f"{API}/sources", json={"sourceId": "0c31738c-0b2d-4887-b506-e2cd1c39cc35"})
        mocker.get(
            f"{API}/streams?sourceId=0c31738c-0b2d-4887-b506-e2cd1c39cc35&destinationId={PLAN['destination_id']}",
            json=[
                {"streamName": name, "syncModes": ["full_refresh_overwrite", "incremental_deduped_history"]}
                for name in [*STREAMS, *COMMENT_STREAMS]
            ],
        )
        mocker.post(f"{API}/connections", json={"connectionId": "9924bcd0-99be-453d-ba47-c2c9766f7da5"})
        yield mocker


def sent(airbyte: Any, path: str) -> list[dict[str, Any]]:
    """The bodies that were sent to an endpoint."""
    return [
        request.json()
        for request in airbyte.request_history
        if request.method == "POST" and request.url == f"{API}/{path}"
    ]


def test_an_account_without_a_source_gets_one_and_a_connection_that_keeps_history(
    airbyte: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    connections.main()

    assert sent(airbyte, "sources") == [
        {
            "name": "TikTok harbour_coffee",
            "workspaceId": "871d9b60-11d1-44cb-8c92-c246d53bf87e",
            "definitionId": "7546112d-2fb0-410f-8056-290d896038f1",
            "configuration": {
                "credentials": {
                    "auth_type": "business_oauth",
                    "client_id": "7400000000000000001",
                    "client_secret": "app secret",
                    "refresh_token": "rft.1",
                }
            },
        }
    ]
    (connection,) = sent(airbyte, "connections")
    streams = connection.pop("configurations")["streams"]
    assert connection == {
        "name": "TikTok harbour_coffee",
        "sourceId": "0c31738c-0b2d-4887-b506-e2cd1c39cc35",
        "destinationId": "669dd1e3-6208-43ea-bc85-5914e0a570f6",
        "namespaceDefinition": "custom_format",
        "namespaceFormat": "tiktok_harbour_coffee",
        "schedule": {"scheduleType": "cron", "cronExpression": "0 0 3 * * ?"},
    }
    assert [stream["name"] for stream in streams] == STREAMS
    assert {stream["syncMode"] for stream in streams} == {"incremental_deduped_history"}
    assert capsys.readouterr().out.splitlines() == [
        "Made TikTok harbour_coffee",
        "TikTok old_mill_bakery is there already",
    ]
    assert all(request.headers["Authorization"] == "Bearer token" for request in airbyte.request_history[1:])


def test_connections_start_five_minutes_apart() -> None:
    starts = [
        connections.connection_of(PLAN, {"name": "one"}, "source", ["videos"], number)["schedule"]["cronExpression"]
        for number in (0, 1, 13, 252)
    ]
    assert starts == ["0 0 3 * * ?", "0 5 3 * * ?", "0 5 4 * * ?", "0 0 0 * * ?"]


def test_what_airbyte_refuses_is_shown_in_its_words(airbyte: Any) -> None:
    airbyte.post(f"{API}/sources", status_code=400, text='{"detail": "definitionId is unknown"}')
    with pytest.raises(SystemExit, match=r"/api/public/v1/sources \(HTTP 400\): .*definitionId is unknown"):
        connections.main()


def test_an_application_without_a_secret_is_asked_for(airbyte: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRBYTE_CLIENT_SECRET")
    with pytest.raises(SystemExit, match="Set AIRBYTE_CLIENT_SECRET"):
        connections.main()
    assert airbyte.request_history == []
