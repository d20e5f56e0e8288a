"""`make register`: the connector in somebody's Airbyte, over HTTP, against an Airbyte that takes what is documented."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import airbyte_api  # type: ignore[import-untyped]
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from integration_tests.emulator.server import listen, url_of
from integration_tests.fake_airbyte import TOKEN, Definition, FakeAirbyte, Front, serving
from tools import airbyte_api as our_client
from tools import register

REPOSITORY = Path(__file__).parents[1]
WORKSPACE = "18dccc91-0ab1-4f72-9ed7-0b8fc27c5826"
OTHER_WORKSPACE = "2f247b56-4c74-41ae-8045-9f64dd27512e"
CLIENT, SECRET = "0da998a2-0d7b-49c7-bb6e-9f7eb9cc68a0", "a secret that nobody may see"
LOGIN = {"AIRBYTE_CLIENT_ID": CLIENT, "AIRBYTE_CLIENT_SECRET": SECRET}
DOCUMENTATION = "https://example.com/tiktok"
METADATA = f"""\
data:
  name: TikTok Organic
  dockerRepository: source-tiktok-organic
  dockerImageTag: 0.2.0
  documentationUrl: {DOCUMENTATION}
"""
FAKER = Definition("Sample Data", "airbyte/source-faker", "6.2.10", custom=False)
OLD = Definition("TikTok Organic", "source-tiktok-organic", "0.1.0", DOCUMENTATION)
CURRENT = Definition("TikTok Organic", "source-tiktok-organic", "0.2.0", DOCUMENTATION)

StartAirbyte = Callable[..., tuple[FakeAirbyte, str]]


@dataclass
class Run:
    """What a run of the command left."""

    exit_code: int
    out: str
    err: str


Register = Callable[..., Run]


@pytest.fixture(scope="module")
def front() -> Iterator[tuple[Front, str]]:
    """The front and its address."""
    front = Front()
    with serving(front) as url:
        yield front, url


@pytest.fixture
def start_airbyte(front: tuple[Front, str]) -> StartAirbyte:
    """Start an Airbyte: `fake, url = start_airbyte([FAKER])`."""

    def start(
        definitions: list[Definition] | None = None,
        workspaces: dict[str, str] | None = None,
        client: tuple[str, str] | None = None,
    ) -> tuple[FakeAirbyte, str]:
        names = {WORKSPACE: "Acme"} if workspaces is None else workspaces
        fake = FakeAirbyte(names, [FAKER] if definitions is None else definitions, client)
        server, url = front
        server.behind = fake.app()
        return fake, url

    return start


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Register:
    """Run the command in this process: `run(url, IMAGE="…")`."""
    metadata = tmp_path / "metadata.yaml"
    metadata.write_text(METADATA, encoding="utf-8")
    monkeypatch.setattr(register, "METADATA", metadata)

    def run(url: str, **environment: str) -> Run:
        exit_code = register.main({"AIRBYTE_URL": url, **environment})
        return Run(exit_code, *capsys.readouterr())

    return run


def answering(response: Response) -> Callable[[Request], Awaitable[Response]]:
    """An answer that doesn't look at what was asked."""

    async def answer(_: Request) -> Response:
        return response

    return answer


# What it does


def test_a_connector_that_is_missing_is_created(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte()

    result = run(url)

    assert result.exit_code == 0
    assert [one.name for one in fake.definitions] == ["Sample Data", "TikTok Organic"]
    created = fake.definitions[1]
    assert (created.repository, created.tag) == ("source-tiktok-organic", "0.2.0")
    assert created.documentation_url == "https://example.com/tiktok"
    assert result.out == (
        "Airbyte runs source-tiktok-organic:0.2.0 to read its spec, which can take some minutes …\n"
        f"Created TikTok Organic 0.2.0 in the workspace Acme (definition {created.id}).\n"
        "Next, add a source: Sources, New source, TikTok Organic; "
        f"or directly at {url}/workspaces/{WORKSPACE}/source/new-source/{created.id}\n"
    )
    assert result.err == ""


def test_an_older_version_is_updated(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte([FAKER, OLD])

    result = run(url)

    assert result.exit_code == 0
    assert fake.definitions[0] == FAKER
    assert fake.definitions[1].as_response() == {
        "id": OLD.id,
        "name": "TikTok Organic",
        "dockerRepository": "source-tiktok-organic",
        "dockerImageTag": "0.2.0",
        "documentationUrl": "https://example.com/tiktok",
    }
    assert "Updated TikTok Organic 0.1.0 to TikTok Organic 0.2.0 in the workspace Acme" in result.out


def test_running_it_again_changes_nothing(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte()
    run(url)
    after_the_first = list(fake.definitions)
    fake.calls.clear()

    result = run(url)

    assert result.exit_code == 0
    assert fake.definitions == after_the_first
    assert fake.calls == ["listWorkspaces", "listWorkspaces", "listSourceDefinitions"]
    assert result.out.startswith("TikTok Organic 0.2.0 is already up to date in the workspace Acme (definition ")


def test_a_connector_that_was_renamed_gets_its_name_back(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte([Definition("Old name", "source-tiktok-organic", "0.2.0")])

    assert "Updated Old name 0.2.0 to TikTok Organic 0.2.0" in run(url).out

    assert [one.name for one in fake.definitions] == ["TikTok Organic"]


def test_the_spec_of_a_dev_image_is_read_again_each_time(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte()

    for _ in range(3):
        assert run(url, IMAGE="source-tiktok-organic:dev").exit_code == 0

    assert fake.specs_read == ["source-tiktok-organic:dev"] * 3
    assert len(fake.definitions) == 2


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("ghcr.io/me/tiktok:1.0.0-rc.1", "ghcr.io/me/tiktok", "1.0.0-rc.1"),
        ("localhost:5000/tiktok:dev", "localhost:5000/tiktok", "dev"),
        ("tiktok:0.3.0", "tiktok", "0.3.0"),
    ],
)
def test_an_image_elsewhere_is_registered_as_it_is_named(
    start_airbyte: StartAirbyte, run: Register, image: str, repository: str, tag: str
) -> None:
    fake, url = start_airbyte([])

    assert run(url, IMAGE=image).exit_code == 0

    assert [(one.name, one.repository, one.tag) for one in fake.definitions] == [("TikTok Organic", repository, tag)]


def test_another_connector_of_the_same_name_is_left_alone_and_mentioned(
    start_airbyte: StartAirbyte, run: Register
) -> None:
    fake, url = start_airbyte([OLD])

    result = run(url, IMAGE="ghcr.io/me/tiktok:0.2.0")

    assert [one.repository for one in fake.definitions] == ["source-tiktok-organic", "ghcr.io/me/tiktok"]
    assert fake.definitions[0] == OLD
    assert (
        f"There is another TikTok Organic, with the image source-tiktok-organic:0.1.0 (definition {OLD.id}); "
        "its sources stay with it." in result.out
    )


@pytest.mark.parametrize("ending", ["/", "/api/public/v1", "/api/public/v1/"])
def test_the_address_may_be_that_of_the_api(start_airbyte: StartAirbyte, run: Register, ending: str) -> None:
    _, url = start_airbyte()

    result = run(url + ending)

    assert result.exit_code == 0
    assert f"at {url}/workspaces/" in result.out


def test_workspaces_and_connectors_are_read_to_the_last_page(start_airbyte: StartAirbyte, run: Register) -> None:
    many = {f"00000000-0000-4000-8000-{number:012}": f"Team {number}" for number in range(250)}
    fake, url = start_airbyte([FAKER, FAKER, FAKER, FAKER, CURRENT], {**many, WORKSPACE: "Acme"})
    fake.definitions_a_page = 2

    result = run(url, AIRBYTE_WORKSPACE=WORKSPACE)

    assert result.exit_code == 0
    assert "already up to date in the workspace Acme" in result.out
    assert fake.calls == ["listWorkspaces"] * 4 + ["listSourceDefinitions"] * 3


def test_one_of_several_workspaces_can_be_chosen(start_airbyte: StartAirbyte, run: Register) -> None:
    _, url = start_airbyte(workspaces={WORKSPACE: "Acme", OTHER_WORKSPACE: "Umbrella"})

    assert "in the workspace Umbrella" in run(url, AIRBYTE_WORKSPACE=OTHER_WORKSPACE.upper()).out


# Signing in


def test_an_airbyte_without_a_login_gets_no_credentials(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte()

    assert run(url).exit_code == 0

    assert "createAccessToken" not in fake.calls
    assert set(fake.authorizations) == {None}


def test_an_application_signs_in_once(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte(client=(CLIENT, SECRET))

    result = run(url, **LOGIN)

    assert result.exit_code == 0
    assert fake.calls.count("createAccessToken") == 1
    assert set(fake.authorizations) == {f"Bearer {TOKEN}"}
    assert len(fake.definitions) == 2


def test_what_is_not_encrypted_takes_neither_a_proxy_nor_a_password_from_the_environment(
    start_airbyte: StartAirbyte, run: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake, url = start_airbyte(client=(CLIENT, SECRET))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert run(url, **LOGIN).exit_code == 0

    assert set(fake.authorizations) == {f"Bearer {TOKEN}"}


# What it says when it can't


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"AIRBYTE_URL": ""}, "AIRBYTE_URL is missing. Name the address"),
        ({"AIRBYTE_URL": "localhost:8000"}, "AIRBYTE_URL must be the address at which you open Airbyte"),
        ({"AIRBYTE_URL": "ftp://localhost"}, "AIRBYTE_URL must be the address at which you open Airbyte"),
        ({"AIRBYTE_URL": f"https://me:{SECRET}@airbyte.example.com"}, "without a user, a password"),
        ({"AIRBYTE_URL": "https://cloud.airbyte.com"}, "Airbyte Cloud takes no custom images"),
        ({"AIRBYTE_URL": "https://api.airbyte.com/v1", **LOGIN}, "Airbyte Cloud takes no custom images"),
        ({"AIRBYTE_URL": "http://localhost", "AIRBYTE_CLIENT_ID": CLIENT}, "AIRBYTE_CLIENT_SECRET is missing."),
        ({"AIRBYTE_URL": "http://localhost", "AIRBYTE_CLIENT_SECRET": SECRET}, "AIRBYTE_CLIENT_ID is missing."),
        ({"AIRBYTE_URL": "http://airbyte.example.com", **LOGIN}, "the client secret would cross the network"),
        ({"AIRBYTE_URL": "http://127.0.0.1.example.com", **LOGIN}, "the client secret would cross the network"),
        ({"AIRBYTE_URL": "http://localhost", "IMAGE": "tiktok"}, "IMAGE is 'tiktok', but it must be a repository and"),
        ({"AIRBYTE_URL": "http://localhost", "IMAGE": "a:5000/tiktok"}, "Airbyte takes neither a digest nor"),
        ({"AIRBYTE_URL": "http://localhost", "IMAGE": "tiktok@sha256:12"}, "Airbyte takes neither a digest nor"),
    ],
)
def test_a_mistake_in_the_settings_is_said_before_any_call(
    run: Register, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], sentence: str
) -> None:
    monkeypatch.setattr("requests.Session.request", lambda *_, **__: pytest.fail("a call was made"))

    result = run(environment.pop("AIRBYTE_URL"), **environment)

    assert result.exit_code == 1
    assert result.out == ""
    assert sentence in result.err
    assert SECRET not in result.err


def problem(status: int, message: str) -> JSONResponse:
    """An error as Airbyte words it."""
    return JSONResponse(
        {"status": status, "type": "t", "title": "title", "detail": "In general.", "data": {"message": message}}, status
    )


ROLE = "Caller does not have the required permissions to access the resource(s)."
CLOUD = "Non-declarative definitions cannot be created or updated in Airbyte Cloud."
NOT_THIS_API = (
    "AIRBYTE_URL must be the address at which you open Airbyte in the browser, and Airbyte must be 1.6 or newer."
)


@pytest.mark.parametrize(
    ("operation", "response", "sentences"),
    [
        # Which of these a wrong secret gets depends on Airbyte's version; each echoes it, as a proxy's page might.
        ("createAccessToken", problem(400, f"Invalid client id or token {SECRET}"), ["gave no token", "unset both"]),
        ("createAccessToken", JSONResponse({"errorId": SECRET}, 401), ["gave no token", "(HTTP 401)", "Compare both"]),
        ("createAccessToken", JSONResponse({"errorId": SECRET}, 500), ["gave no token", "(HTTP 500)"]),
        ("createAccessToken", HTMLResponse(SECRET, 404), [NOT_THIS_API]),
        ("createAccessToken", HTMLResponse(f"<html>{SECRET}"), [NOT_THIS_API]),
        (
            "createAccessToken",
            RedirectResponse("https://airbyte.example.com/api?x=1", 308),
            ["leads on to https://airbyte.example.com. If that is your Airbyte's address, use it as AIRBYTE_URL"],
        ),
        ("listWorkspaces", RedirectResponse("/login", 302), ["leads on to another page", "forward Airbyte's port"]),
        ("listWorkspaces", JSONResponse({"message": f"{TOKEN}?"}, 401), ["the token that it gave", "HTTP 401: ****?"]),
        ("listWorkspaces", JSONResponse({"data": [{"id": 1}]}), [NOT_THIS_API]),
        (
            "listWorkspaces",
            JSONResponse({"data": [], "next": "https://airbyte/?offset=1"}),
            ["Airbyte shows no workspace. Open it in the browser once and finish its set-up"],
        ),
        ("listSourceDefinitions", problem(404, "Not found"), [NOT_THIS_API]),
        ("listSourceDefinitions", HTMLResponse("<!doctype html>"), [NOT_THIS_API]),
        ("listSourceDefinitions", HTMLResponse("Bad gateway", 502), ["Airbyte refused (HTTP 502).", "by hand:"]),
        (
            "listSourceDefinitions",
            JSONResponse({"data": [OLD.as_response()], "next": "https://airbyte/?"}),
            ["Airbyte repeats a page of its list", "Add it by hand: Workspace settings, Sources"],
        ),
        ("createSourceDefinition", problem(403, ROLE), [f"HTTP 403: {ROLE[:-1]}", "Editor or Admin"]),
        ("createSourceDefinition", problem(400, CLOUD), ["Airbyte Cloud takes no custom images", "Connector Builder"]),
        ("createSourceDefinition", problem(422, f"Not {SECRET}!"), ["Airbyte refused (HTTP 422: Not ****!)", "log"]),
        (
            "createSourceDefinition",
            problem(409, "Could not fulfill request"),
            [
                "Airbyte failed (HTTP 409: Could not fulfill request). It runs source-tiktok-organic:0.2.0 to read",
                "`kind load docker-image source-tiktok-organic:0.2.0 -n airbyte-abctl`",
                "Add a new Docker connector, with the image source-tiktok-organic and the tag 0.2.0.",
            ],
        ),
        ("createSourceDefinition", HTMLResponse("Time-out", 504), ["Airbyte failed (HTTP 504). It runs", "kind load"]),
        ("createSourceDefinition", JSONResponse({}), [NOT_THIS_API]),
    ],
)
def test_a_refusal_becomes_a_sentence_without_secrets(
    start_airbyte: StartAirbyte, run: Register, operation: str, response: Response, sentences: list[str]
) -> None:
    fake, url = start_airbyte(client=(CLIENT, SECRET))
    fake.answers[operation] = answering(response)

    result = run(url, **LOGIN)

    assert result.exit_code == 1
    assert [one for one in sentences if one not in result.err] == []
    assert result.err.count("\n") == 1
    assert SECRET not in result.out + result.err
    assert TOKEN not in result.out + result.err


def test_an_airbyte_with_a_login_says_where_to_get_one(start_airbyte: StartAirbyte, run: Register) -> None:
    _, url = start_airbyte(client=(CLIENT, SECRET))

    result = run(url)

    assert result.exit_code == 1
    assert result.err.startswith("Airbyte wants a login (HTTP 401: The API key in the Authorization header is invalid)")
    assert "`abctl local credentials` prints its client id and secret" in result.err


def test_a_wrong_secret_is_said_so(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte(client=(CLIENT, "another secret"))

    result = run(url, **LOGIN)

    assert result.exit_code == 1
    assert "Airbyte gave no token for AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET (HTTP 401)." in result.err
    assert fake.calls == ["createAccessToken"]


def test_an_image_that_airbyte_cannot_get_leaves_everything_as_it_was(
    start_airbyte: StartAirbyte, run: Register
) -> None:
    fake, url = start_airbyte([OLD])
    fake.missing_images.add("source-tiktok-organic:0.2.0")

    result = run(url)

    assert result.exit_code == 1
    assert "so see first that it can get this image" in result.err
    assert fake.definitions == [OLD]


def test_a_connector_of_airbyte_itself_is_not_changed(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte()

    result = run(url, IMAGE="airbyte/source-faker:0.0.1")

    assert result.exit_code == 1
    assert "Airbyte refused (HTTP 400: Public definitions cannot be modified)" in result.err
    assert fake.definitions == [FAKER]


def test_several_workspaces_are_listed_to_choose_from(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte(workspaces={WORKSPACE: "Acme", OTHER_WORKSPACE: "Umbrella"})
    listed = f"Set AIRBYTE_WORKSPACE to the id of one of these: {WORKSPACE} (Acme), {OTHER_WORKSPACE} (Umbrella)."

    assert run(url).err == f"Airbyte has several workspaces. {listed}\n"
    assert run(url, AIRBYTE_WORKSPACE="Acme").err == f"There is no workspace Acme. {listed}\n"
    assert fake.definitions == [FAKER]


def test_an_image_that_is_registered_twice_is_left_to_its_owner(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte([OLD, CURRENT])

    result = run(url)

    assert result.exit_code == 1
    assert (
        "The image source-tiktok-organic is registered more than once: "
        f"{OLD.id} (TikTok Organic 0.1.0) and {CURRENT.id} (TikTok Organic 0.2.0)." in result.err
    )
    assert "deleting a connector deletes its sources and connections too" in result.err
    assert fake.definitions == [OLD, CURRENT]


def test_an_address_where_nobody_listens_is_named(run: Register) -> None:
    with listen("127.0.0.1", 0) as socket:
        url = url_of(socket)

    result = run(url)

    assert result.exit_code == 1
    assert result.err.startswith(f"Nobody answers at {url}. See that Airbyte runs (`abctl local status`")


def test_an_address_without_encryption_is_not_called_untrusted(start_airbyte: StartAirbyte, run: Register) -> None:
    _, url = start_airbyte()

    result = run(url.replace("http:", "https:"))

    assert result.exit_code == 1
    assert "if that port has no encryption at all, use http://" in result.err


def test_an_airbyte_that_never_answers_is_not_waited_for(run: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(our_client, "SECONDS", 0.1)
    with listen("127.0.0.1", 0) as socket:
        result = run(url_of(socket))

    assert result.exit_code == 1
    assert "did not answer within 0.1 seconds. Try again" in result.err


async def never(request: Request) -> Response:
    """An answer that doesn't come while somebody waits for it."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.01)
    return Response()


def test_a_spec_that_is_never_read_is_not_waited_for(
    start_airbyte: StartAirbyte, run: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, url = start_airbyte()
    fake.answers["createSourceDefinition"] = never
    monkeypatch.setattr(our_client, "SPEC_SECONDS", 0.1)

    result = run(url)

    assert result.exit_code == 1
    assert "Airbyte gave no answer. It runs source-tiktok-organic:0.2.0 to read its spec" in result.err
    assert "github.com/airbytehq/airbyte/issues/68608" in result.err


# As it is run


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the Makefile's target with this Python instead of an environment of its own."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
    command = [shutil.which("make") or "make", "--old-file=.venv/.ready", "register"]
    return subprocess.run(
        [*command, f"BIN={Path(sys.executable).parent}", *arguments],
        cwd=REPOSITORY,
        env={**inherited, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_make_registers_what_metadata_yaml_describes(start_airbyte: StartAirbyte) -> None:
    fake, url = start_airbyte(client=(CLIENT, SECRET))
    settings = ["IMAGE=ghcr.io/me/tiktok:0.9.0", f"AIRBYTE_WORKSPACE={WORKSPACE}", f"DOCUMENTATION_URL={DOCUMENTATION}"]

    result = make(f"AIRBYTE_URL={url}", *settings, **LOGIN)

    assert result.returncode == 0
    assert "Created TikTok Organic 0.9.0 in the workspace Acme" in result.stdout
    assert SECRET not in result.stdout + result.stderr
    created = fake.definitions[1]
    assert (created.name, created.repository, created.tag) == ("TikTok Organic", "ghcr.io/me/tiktok", "0.9.0")
    assert created.documentation_url == DOCUMENTATION


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://github.com/me/source-tiktok-organic.git\n", "https://github.com/me/source-tiktok-organic"),
        ("https://me:secret@git.example.com:8443/data/tiktok/", "https://git.example.com/data/tiktok"),
        ("git@github.com:me/source-tiktok-organic.git", "https://github.com/me/source-tiktok-organic"),
        ("ssh://git@git.example.com:2222/me/tiktok.git", "https://git.example.com/me/tiktok"),
        ("/srv/git/tiktok.git", ""),
        ("", ""),
    ],
)
def test_the_documentation_is_the_page_of_the_repository(remote: str, page: str) -> None:
    assert register.documentation_of({}, remote) == page


def test_the_documentation_can_be_another_page(start_airbyte: StartAirbyte, run: Register) -> None:
    fake, url = start_airbyte()

    assert run(url, DOCUMENTATION_URL=" https://wiki.example.com/tiktok ").exit_code == 0

    assert fake.definitions[1].documentation_url == "https://wiki.example.com/tiktok"


def test_a_documentation_that_is_no_address_is_refused_before_any_call(run: Register) -> None:
    result = run("http://127.0.0.1:9", DOCUMENTATION_URL="docs/tiktok-organic.md")

    assert result.err == "DOCUMENTATION_URL must be an address that begins with http:// or https://.\n"


def test_make_without_an_address_says_what_to_type() -> None:
    result = make()

    assert result.returncode != 0
    assert "make register AIRBYTE_URL=http://localhost:8000" in result.stderr


def test_make_takes_no_secret_on_its_command_line(start_airbyte: StartAirbyte) -> None:
    fake, url = start_airbyte(client=(CLIENT, SECRET))

    result = make(f"AIRBYTE_URL={url}", f"AIRBYTE_CLIENT_ID={CLIENT}", f"AIRBYTE_CLIENT_SECRET={SECRET}")

    assert result.returncode != 0
    assert "Export it in the environment instead" in result.stderr
    assert SECRET not in result.stdout + result.stderr
    assert fake.calls == []


# The Airbyte of these tests


def test_the_client_that_airbyte_publishes_understands_the_airbyte_of_these_tests(start_airbyte: StartAirbyte) -> None:
    fake, url = start_airbyte(client=(CLIENT, SECRET))
    models = airbyte_api.models
    credentials = models.SchemeClientCredentials(
        client_id=CLIENT, client_secret=SECRET, token_url=f"{url}/api/public/v1/applications/token"
    )
    theirs = airbyte_api.AirbyteAPI(
        server_url=f"{url}/api/public/v1", security=models.Security(client_credentials=credentials)
    )

    (workspace,) = theirs.workspaces.list_workspaces(airbyte_api.api.ListWorkspacesRequest()).workspaces_response.data
    created = theirs.source_definitions.create_source_definition(
        airbyte_api.api.CreateSourceDefinitionRequest(
            workspace_id=workspace.workspace_id,
            create_definition_request=models.CreateDefinitionRequest("0.1.0", "mine", "My Source", DOCUMENTATION),
        )
    ).definition_response
    updated = theirs.source_definitions.update_source_definition(
        airbyte_api.api.UpdateSourceDefinitionRequest(
            workspace_id=workspace.workspace_id,
            definition_id=created.id,
            update_definition_request=models.UpdateDefinitionRequest("0.2.0", "My Source"),
        )
    ).definition_response
    listed = theirs.source_definitions.list_source_definitions(
        airbyte_api.api.ListSourceDefinitionsRequest(workspace_id=workspace.workspace_id)
    ).definitions_response.data

    assert [(one.name, one.docker_repository, one.docker_image_tag) for one in listed] == [
        ("Sample Data", "airbyte/source-faker", "6.2.10"),
        ("My Source", "mine", "0.2.0"),
    ]
    assert updated == listed[1]
    assert fake.calls == [
        "createAccessToken",
        "listWorkspaces",
        "createSourceDefinition",
        "updateSourceDefinition",
        "listSourceDefinitions",
    ]
