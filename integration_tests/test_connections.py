"""The example that makes a connection for each account of a list, against an Airbyte that takes what is documented."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from examples import connections
from integration_tests.connector import COMMENT_STREAMS, STREAMS
from integration_tests.emulator.server import listen, url_of
from integration_tests.fake_airbyte import FakeAirbyte, Front, serving

WORKSPACE = "871d9b60-11d1-44cb-8c92-c246d53bf87e"
DEFINITION = "7546112d-2fb0-410f-8056-290d896038f1"
OTHER_DEFINITION = "35a5a3b2-7d3e-4a5c-9b51-0d3f1f6b8f11"
DESTINATION = "669dd1e3-6208-43ea-bc85-5914e0a570f6"
HARBOUR = "0c31738c-0b2d-4887-b506-e2cd1c39cc35"
MILL = "9924bcd0-99be-453d-ba47-c2c9766f7da5"
PLAN: dict[str, Any] = {
    "airbyte_url": "https://airbyte.example.com",
    "workspace_id": WORKSPACE,
    "definition_id": DEFINITION,
    "destination_id": DESTINATION,
    "credentials": {"client_id": "7400000000000000001", "client_secret": "secret.of.the.app"},
    "accounts": [
        {"name": "harbour_coffee", "refresh_token": "rft.1"},
        {"name": "Knead & Rise", "refresh_token": "rft.2"},
    ],
}
LOGIN = ("application", "secret.of.the.application")
SECRETS = ["secret.of.the.app", "rft.1", "rft.2", "secret.of.the.application", "fake-access-token"]


@dataclass
class Run:
    """What a run of the command left: how it ended (a sentence, or None if it went well), and what it printed."""

    end: str | None
    out: list[str]
    err: str


RunPlan = Callable[..., Run]


@pytest.fixture
def airbyte() -> FakeAirbyte:
    """An Airbyte with a login, the connector's streams and no source."""
    return FakeAirbyte({WORKSPACE: "Acme"}, client=LOGIN, streams=[*STREAMS, *COMMENT_STREAMS])


@pytest.fixture(scope="module")
def front() -> Iterator[tuple[Front, str]]:
    """The front and its address."""
    front = Front()
    with serving(front) as url:
        yield front, url


@pytest.fixture
def url(airbyte: FakeAirbyte, front: tuple[Front, str]) -> str:
    """The address of that Airbyte."""
    server, url = front
    server.behind = airbyte.app()
    return url


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> RunPlan:
    """Run the command in this process; keys are put into the plan: `run(airbyte_url=url, comments=True)`.

    No secret is ever printed.
    """
    monkeypatch.setenv("AIRBYTE_CLIENT_ID", LOGIN[0])
    monkeypatch.setenv("AIRBYTE_CLIENT_SECRET", LOGIN[1])
    file = tmp_path / "plan.json"

    def run(*arguments: str, content: str | None = None, **keys: Any) -> Run:
        file.write_text(json.dumps({**PLAN, **keys}) if content is None else content)
        monkeypatch.setattr("sys.argv", ["connections", *(arguments or [str(file)])])
        end = None
        try:
            connections.main()
        except SystemExit as error:
            end = str(error)
        out, err = capsys.readouterr()
        assert not [secret for secret in SECRETS if secret in f"{end} {out} {err}"]
        return Run(end, out.splitlines(), err)

    return run


def without_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take Airbyte's application out of the environment."""
    for name in ("AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET"):
        monkeypatch.delenv(name)


def refusing(status: int, body: str) -> Callable[[Request], Any]:
    """An answer that doesn't look at what was asked."""

    async def answer(_: Request) -> Response:
        return Response(body, status)

    return answer


def source(source_id: str, name: str, definition_id: str = DEFINITION) -> dict[str, Any]:
    """A source that is there."""
    return {"sourceId": source_id, "name": name, "definitionId": definition_id, "workspaceId": WORKSPACE}


# What it makes


def test_each_account_gets_a_source_and_a_connection_that_keeps_history(
    airbyte: FakeAirbyte, url: str, run: RunPlan
) -> None:
    result = run(airbyte_url=f"{url}/")

    assert result == Run(None, ["Made TikTok Organic - harbour_coffee.", "Made TikTok Organic - Knead & Rise."], "")
    harbour, knead = airbyte.sources
    assert harbour == {
        "sourceId": harbour["sourceId"],
        "name": "TikTok Organic - harbour_coffee",
        "workspaceId": WORKSPACE,
        "definitionId": DEFINITION,
        "configuration": {
            "credentials": {
                "auth_type": "business_oauth",
                "client_id": "7400000000000000001",
                "client_secret": "secret.of.the.app",
                "refresh_token": "rft.1",
            }
        },
    }
    assert knead["configuration"]["credentials"]["refresh_token"] == "rft.2"
    _, connection = airbyte.connections
    assert connection == {
        "connectionId": connection["connectionId"],
        "name": "TikTok Organic - Knead & Rise",
        "sourceId": knead["sourceId"],
        "destinationId": DESTINATION,
        "namespaceDefinition": "custom_format",
        "namespaceFormat": "tiktok_knead_rise",
        "schedule": {"scheduleType": "cron", "cronExpression": "0 5 3 * * ?"},
        "configurations": {
            "streams": [{"name": stream, "syncMode": "incremental_deduped_history"} for stream in STREAMS]
        },
    }


def test_comments_are_read_where_the_plan_says_so(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    run(airbyte_url=url, comments=True)

    streams = airbyte.connections[0]["configurations"]["streams"]
    assert [stream["name"] for stream in streams] == [*STREAMS, "videos_comments", "videos_comments_replies"]


def test_every_new_source_has_the_settings_of_the_plan(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    assert run(airbyte_url=url, settings={"start_date": "2025-01-01"}).end is None

    assert [one["configuration"]["start_date"] for one in airbyte.sources] == ["2025-01-01", "2025-01-01"]
    assert [one["configuration"]["credentials"]["refresh_token"] for one in airbyte.sources] == ["rft.1", "rft.2"]


def test_an_airbyte_without_a_login_needs_no_application(
    airbyte: FakeAirbyte, url: str, run: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    airbyte.client = None
    without_login(monkeypatch)

    assert run(airbyte_url=url).end is None
    assert len(airbyte.connections) == 2
    assert "createAccessToken" not in airbyte.calls
    assert set(airbyte.authorizations) == {None}


def test_tokens_do_not_go_through_a_proxy_without_encryption(
    airbyte: FakeAirbyte, url: str, run: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    assert run(airbyte_url=url).end is None


def test_a_second_run_makes_the_connection_that_airbyte_refused(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    airbyte.answers["createConnection"] = refusing(400, "The cron expression is not valid. You sent rft.2.")
    first = run(airbyte_url=url)
    made = [one["sourceId"] for one in airbyte.sources]
    del airbyte.answers["createConnection"]
    second = run(airbyte_url=url)
    third = run(airbyte_url=url)

    said = "is not complete. Airbyte refused connections (HTTP 400): The cron expression is not valid. You sent ****."
    assert first == Run(
        "Not everything was made. Change what Airbyte names, and run the same command again.",
        [],
        f"TikTok Organic - harbour_coffee {said}\nTikTok Organic - Knead & Rise {said}\n",
    )
    assert second.end is None
    assert second.out == [
        "Made the connection of TikTok Organic - harbour_coffee.",
        "Made the connection of TikTok Organic - Knead & Rise.",
    ]
    assert third.out == [
        "TikTok Organic - harbour_coffee is there already.",
        "TikTok Organic - Knead & Rise is there already.",
    ]
    assert len(made) == 2
    assert [one["sourceId"] for one in airbyte.sources] == made
    assert [one["sourceId"] for one in airbyte.connections] == made


def test_an_account_that_is_refused_does_not_hold_up_the_next(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    airbyte.sources = [source(HARBOUR, "TikTok Organic - harbour_coffee")]
    airbyte.answers["createSource"] = refusing(400, "No")

    result = run(airbyte_url=url, accounts=PLAN["accounts"][::-1])

    assert result.out == ["Made the connection of TikTok Organic - harbour_coffee."]
    assert result.err == "TikTok Organic - Knead & Rise is not complete. Airbyte refused sources (HTTP 400): No\n"


def test_sources_of_the_earlier_naming_are_recognised_on_later_pages(
    airbyte: FakeAirbyte, url: str, run: RunPlan
) -> None:
    airbyte.rows_a_page = 1
    airbyte.sources = [
        source(OTHER_DEFINITION, "Faker", OTHER_DEFINITION),
        source(HARBOUR, "TikTok harbour_coffee"),
        source(MILL, "TikTok old_mill_bakery"),
    ]
    airbyte.connections = [{"sourceId": OTHER_DEFINITION}, {"sourceId": MILL}]
    accounts = [
        {"name": "harbour_coffee", "refresh_token": "rft.1"},
        {"name": "old_mill_bakery", "refresh_token": "rft.2"},
    ]

    result = run(airbyte_url=url, accounts=accounts)

    assert result.out == [
        "Made the connection of TikTok Organic - harbour_coffee.",
        "TikTok Organic - old_mill_bakery is there already.",
    ]
    assert [one["sourceId"] for one in airbyte.connections] == [OTHER_DEFINITION, MILL, HARBOUR]
    assert "createSource" not in airbyte.calls


def test_a_source_of_another_connector_is_not_taken_for_the_accounts(
    airbyte: FakeAirbyte, url: str, run: RunPlan
) -> None:
    airbyte.sources = [source(HARBOUR, "TikTok harbour_coffee", OTHER_DEFINITION)]

    result = run(airbyte_url=url)

    assert result.out[0] == "Made TikTok Organic - harbour_coffee."
    assert len(airbyte.sources) == 3


def test_connections_start_five_minutes_apart(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    accounts = [{"name": f"shop {number}", "refresh_token": "rft.1"} for number in range(14)]
    run(airbyte_url=url, accounts=accounts)

    starts = [one["schedule"]["cronExpression"] for one in airbyte.connections]
    assert [starts[number] for number in (0, 1, 13)] == ["0 0 3 * * ?", "0 5 3 * * ?", "0 5 4 * * ?"]


def test_the_253rd_connection_starts_at_midnight() -> None:
    accounts = [{"name": f"shop {number}", "refresh_token": "rft.1"} for number in range(253)]
    plan = connections.Plan.model_validate_json(json.dumps({**PLAN, "accounts": accounts}))
    assert connections.connection_of(plan, 252, HARBOUR, [])["schedule"]["cronExpression"] == "0 0 0 * * ?"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("harbour_coffee", "tiktok_harbour_coffee"),
        ("  Café -- 21! ", "tiktok_cafe_21"),
        ("x" * 56, "tiktok_" + "x" * 56),
    ],
)
def test_names_become_schema_names(name: str, schema: str) -> None:
    assert connections.Account(name=name, refresh_token="rft.1").schema_name == schema


# What it refuses before the first call


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"airbyte_url": ""}, "airbyte_url must be the address at which you open Airbyte, such as https://"),
        ({"airbyte_url": "airbyte.example.com"}, "airbyte_url must be the address"),
        ({"airbyte_url": "https://me:rft.1@airbyte.example.com"}, "airbyte_url must be the address"),
        ({"airbyte_url": "http://airbyte.example.com"}, "airbyte_url begins with http://, so the tokens would cross"),
        ({"settings": ["start_date"]}, "settings must be an object in braces."),
        (
            {"settings": {"strt_date": "x"}},
            "Account 1 (harbour_coffee): The connector has no setting `strt_date`, so it has no effect. Is it `start_",
        ),
        (
            {"settings": {"num_workers": 0}},
            "Account 1 (harbour_coffee): The setting `num_workers` is 0, but it must be a whole number from 2 to 20.",
        ),
        (
            {"settings": {"start_date": "2026-02-30"}},
            "Account 1 (harbour_coffee): The setting `start_date` is '2026-02-30', but it must be a calendar date",
        ),
        (
            {"accounts": [PLAN["accounts"][0], {"name": "b", "refresh_token": "rft.\u200b2"}]},
            "Account 2 (b): The setting `credentials.refresh_token` has a character that can't be part of it",
        ),
        ({"workspace_id": "Acme"}, "workspace_id must be an id of Airbyte, such as 871d"),
        ({"workspace_id": 871}, "workspace_id must be an id of Airbyte in quotes."),
        ({"comments": "yes"}, "comments must be true or false."),
        ({"comment": True}, "comment is not a key of a plan."),
        ({"credentials": {"client_id": "74"}}, "client_secret of credentials is missing."),
        (
            {"credentials": {"client_id": "App ID of your TikTok app", "client_secret": "s"}},
            "client_id of credentials is still that of the example, so put your own there.",
        ),
        (
            {"credentials": {"client_id": "74", "client_secret": "its Secret"}},
            "client_secret of credentials is still that of the example",
        ),
        (
            {"accounts": [{"name": "a", "refresh_token": "rft.…"}]},
            "refresh_token of number 1 of accounts is still that of the example",
        ),
        ({"credentials": "rft.1"}, "credentials must be an object in braces."),
        ({"accounts": []}, "accounts is empty."),
        ({"accounts": {"harbour": "rft.1"}}, "accounts must be a list in square brackets."),
        ({"accounts": [PLAN["accounts"][0], {"name": "b"}]}, "refresh_token of number 2 of accounts is missing."),
        ({"accounts": [{"name": "a", "refresh_token": " "}]}, "refresh_token of number 1 of accounts is empty."),
        ({"accounts": [{"name": 7, "refresh_token": "rft.1"}]}, "name of number 1 of accounts must be text in quotes."),
        (
            {"accounts": [{"name": "東京", "refresh_token": "rft.1"}]},
            "No schema can be named after account 1 (東京). Give it a name of 1 to 56 letters from a to z",
        ),
        ({"accounts": [{"name": "x" * 57, "refresh_token": "rft.1"}]}, "No schema can be named after account 1 (xxx"),
        (
            {"accounts": [*PLAN["accounts"], {"name": "knead-rise", "refresh_token": "rft.1"}]},
            "Accounts 2 (Knead & Rise) and 3 (knead-rise) would both write to the schema tiktok_knead_rise. Give one",
        ),
        (
            {"accounts": [PLAN["accounts"][0], PLAN["accounts"][0]]},
            "Accounts 1 (harbour_coffee) and 2 (harbour_coffee) would both write to the schema tiktok_harbour_coffee.",
        ),
    ],
)
def test_a_mistake_in_the_plan_is_a_sentence_before_the_first_call(
    airbyte: FakeAirbyte, url: str, run: RunPlan, keys: dict[str, Any], sentence: str
) -> None:
    result = run(**{"airbyte_url": url, **keys})

    assert result.end is not None
    assert f"plan.json: {sentence}" in result.end
    assert airbyte.calls == []


def test_all_mistakes_of_a_plan_are_named_at_once(run: RunPlan) -> None:
    result = run(workspace_id="Acme", accounts=[{"name": "a"}])
    assert result.end is not None
    assert len(result.end.splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"accounts": [{"name": "a", "refresh_token": "rft.1"]}', "plan.json: Invalid JSON: expected"),
        ("", "plan.json: Invalid JSON: EOF while parsing a value at line 1 column 0."),
        ("[]", "plan.json: The plan must be an object in braces."),
        ("{}", "plan.json: airbyte_url is missing.\n"),
    ],
)
def test_a_file_that_is_no_plan_is_a_sentence(run: RunPlan, content: str, sentence: str) -> None:
    assert sentence in str(run(content=content).end)


def test_a_command_without_a_plan_is_told_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["connections"])
    with pytest.raises(SystemExit, match=r"^Name the file of your plan: python -m examples.connections plan.json$"):
        connections.main()


def test_a_missing_file_is_named(run: RunPlan) -> None:
    assert (
        run("no/plan.json").end == "no/plan.json can't be read: No such file or directory. Name the file of your plan."
    )


def test_the_plan_of_the_docstring_is_refused_until_it_is_filled_in(run: RunPlan) -> None:
    (plan,) = re.findall(r"^ {4}\{.*?^$", str(connections.__doc__), re.MULTILINE | re.DOTALL)

    refused = str(run(content=plan).end).splitlines()

    keys = [line.split(": ")[1].partition(" ")[0] for line in refused]
    assert keys == ["workspace_id", "definition_id", "destination_id", "client_id", "client_secret", "refresh_token"]


@pytest.mark.parametrize("missing", ["AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET"])
def test_half_a_login_is_completed(
    airbyte: FakeAirbyte, url: str, run: RunPlan, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    assert str(run(airbyte_url=url).end).startswith(f"{missing} is missing. Set it to that of the application, or")
    assert airbyte.calls == []


# What Airbyte refuses


def test_a_login_that_is_needed_is_asked_for(
    airbyte: FakeAirbyte, url: str, run: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_login(monkeypatch)

    end = str(run(airbyte_url=url).end)

    assert end.startswith("Airbyte refused sources (HTTP 401): ")
    assert "Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET if it has a login." in end


def test_a_workspace_that_is_not_there_is_a_sentence(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    end = str(run(airbyte_url=url, workspace_id=HARBOUR).end)

    assert end.startswith("Airbyte refused sources (HTTP 403): ")
    assert end.endswith("Compare workspace_id with the address at which you see the workspace in the browser.")


def test_a_refused_login_is_a_sentence(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    airbyte.client = ("application", "another secret")

    result = run(airbyte_url=url)

    assert str(result.end).startswith("Airbyte refused applications/token (HTTP 401): ")
    assert "Compare AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET with those of your application." in str(result.end)
    assert airbyte.calls == ["createAccessToken"]


def test_an_airbyte_that_does_not_answer_is_a_sentence(run: RunPlan) -> None:
    with listen("127.0.0.1", 0) as listening:
        nobody = url_of(listening)

    result = run(airbyte_url=nobody)

    assert str(result.end).startswith(f"Airbyte does not answer at {nobody} (ConnectionError). See that it runs, and")


@pytest.mark.parametrize("answer", [HTMLResponse("<p>Welcome</p>"), JSONResponse({"hello": "you"})])
def test_another_server_than_airbyte_is_a_sentence(
    airbyte: FakeAirbyte, url: str, run: RunPlan, answer: Response
) -> None:
    async def welcome(_: Request) -> Response:
        return answer

    airbyte.answers["createAccessToken"] = welcome
    assert str(run(airbyte_url=url).end).startswith(f"{url} does not answer applications/token as Airbyte's API does.")


def test_a_redirect_gets_no_secret(airbyte: FakeAirbyte, url: str, run: RunPlan) -> None:
    async def redirect(_: Request) -> Response:
        return Response(status_code=307, headers={"Location": f"{url}/api/public/v1/sources"})

    airbyte.answers["createAccessToken"] = redirect

    assert str(run(airbyte_url=url).end).startswith("Airbyte refused applications/token (HTTP 307)")
    assert airbyte.calls == ["createAccessToken"]
