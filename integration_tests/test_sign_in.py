"""`python -m source_tiktok_organic.sign_in`, with TikTok's consent page in between."""

import errno
import json
import os
import pty
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from integration_tests.conftest import StartTikTok
from integration_tests.connector import Connector, call_log, set_fault
from integration_tests.emulator.accounts import FIRST_OPEN_ID, AccountSpec
from integration_tests.emulator.server import RunningEmulator
from integration_tests.fake_airbyte import serving
from source_tiktok_organic import sign_in

APP = {"client_id": "7400000000000000001", "client_secret": "emulator-client-secret"}
ROOT = Path(__file__).parent.parent
REDIRECT_URL = "https://example.com/callback/"
LOGIN_KIT_ID = "96e7f99c-dd8e-4c8b-8dd5-8488b072c22d"

Browse = Callable[[str], str]


def consent(address: str, account: str = FIRST_OPEN_ID, without: str = "", decision: str = "allow") -> str:
    """What the browser's address is after the owner of `account` has decided; `without` is a scope to untick."""
    page = requests.get(address, timeout=10, allow_redirects=False)
    if page.is_redirect:
        return page.headers["Location"]
    assert page.ok, page.text
    scopes = dict(parse_qsl(urlsplit(address).query))["scope"].split(",")
    form = {"account": account, "scope": [scope for scope in scopes if scope != without], "decision": decision}
    return requests.post(address, data=form, timeout=10, allow_redirects=False).headers["Location"]


class Person:
    """Somebody at a terminal: answers what is asked, and looks up the printed address in a browser."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.printed, self.questions = "", list[str]()
        self.answers: dict[str, str | Browse] = {
            "client_id of your app": APP["client_id"],
            "client_key of your app": APP["client_id"],
            "client_secret of your app (it is not shown)": APP["client_secret"],
            "Redirect URL of your app": REDIRECT_URL,
            "Paste the address that it shows now": consent,
        }
        self._capsys = capsys
        monkeypatch.setattr("builtins.input", self._answer)
        monkeypatch.setattr(sign_in, "getpass", self._answer)

    def _answer(self, prompt: str) -> str:
        question = prompt.removesuffix(": ")
        self.questions.append(question)
        answer = self.answers[question]
        self.printed += self._capsys.readouterr().out
        return answer if isinstance(answer, str) else answer(next(x for x in self.printed.split() if "://" in x))

    def signs_in(self, *arguments: Any) -> str:
        """What is said at the end: the sentence with which it ends early, or all that it printed."""
        self.printed, self.questions = "", []
        try:
            sign_in.main([str(argument) for argument in arguments])
        except SystemExit as end:
            return str(end.code)
        return self.printed + self._capsys.readouterr().out


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Person:
    """Somebody at a terminal."""
    return Person(monkeypatch, capsys)


@pytest.fixture
def path(tmp_path: Path, tiktok: RunningEmulator) -> Path:
    """A config that names the emulator and has a setting of the user's."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"api_url": tiktok.url, "start_date": "2026-01-01"}), encoding="utf-8")
    return path


def content(path: Path) -> Any:
    """What is in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


# --- The config -----------------------------------------------------------------------------------------------------


def test_a_config_that_was_signed_in_passes_the_check_without_a_renewal(
    person: Person, path: Path, connector: Connector, tiktok: RunningEmulator
) -> None:
    said = person.signs_in(path)

    config = content(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (config["api_url"], config["start_date"]) == (tiktok.url, "2026-01-01")
    assert config["credentials"] | {"access_token": "", "refresh_token": "", "token_expiry_date": ""} == {
        "auth_type": "business_oauth",
        **APP,
        "business_id": FIRST_OPEN_ID,
        "access_token": "",
        "refresh_token": "",
        "token_expiry_date": "",
    }
    assert f"The account {FIRST_OPEN_ID} is signed in to. Its tokens are in `credentials`" in said
    assert APP["client_secret"] not in said
    assert config["credentials"]["refresh_token"] not in said
    assert connector.check(config).connection_status == {"status": "SUCCEEDED"}
    assert call_log(tiktok, "tt_user/oauth2/refresh_token/") == []


def test_login_kit_has_its_own_address_and_settings(
    person: Person, path: Path, connector: Connector, tiktok: RunningEmulator
) -> None:
    said = person.signs_in(path, "--family", "login_kit")

    config = content(path)
    assert set(config["credentials"]) == {
        "auth_type", "client_key", "client_secret", "access_token", "token_expiry_date", "refresh_token"
    }  # fmt: skip
    assert f"The account {LOGIN_KIT_ID} is signed in to." in said
    assert connector.check(config).connection_status == {"status": "SUCCEEDED"}
    assert len(call_log(tiktok, "v2/oauth/token/")) == 1


def test_what_the_config_has_is_not_asked_for(person: Person, path: Path) -> None:
    person.signs_in(path)
    person.signs_in(path, "--redirect-url", REDIRECT_URL)

    assert person.questions == ["Paste the address that it shows now"]


def test_an_account_that_is_added_stands_in_a_place_of_its_own(
    person: Person, tmp_path: Path, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=1), AccountSpec(posts=1), AccountSpec(posts=1))
    _, second, third = tiktok.emulator.accounts
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"api_url": tiktok.url}), encoding="utf-8")
    person.signs_in(path)
    before = content(path)

    places = []
    for account in (second, third, second, FIRST_OPEN_ID):
        person.answers["Paste the address that it shows now"] = partial(consent, account=account)
        places.append(person.signs_in(path, "--add").split("Its tokens are in `")[1].split("`")[0])

    config = content(path)
    assert places == ["additional_accounts[0]", "additional_accounts[1]", "additional_accounts[0]", "credentials"]
    assert [entry["business_id"] for entry in config["additional_accounts"]] == [second, third]
    assert set(config["additional_accounts"][0]) == {
        "business_id",
        "access_token",
        "token_expiry_date",
        "refresh_token",
    }
    assert config["credentials"]["refresh_token"] != before["credentials"]["refresh_token"]


def test_another_account_does_not_replace_the_one_of_the_config(
    person: Person, tmp_path: Path, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=1), AccountSpec(posts=1))
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"api_url": tiktok.url}), encoding="utf-8")
    person.signs_in(path)
    before = path.read_bytes()
    second = list(tiktok.emulator.accounts)[1]
    person.answers["Paste the address that it shows now"] = lambda address: consent(address, second)

    assert f"has the account {FIRST_OPEN_ID}, and you signed in as {second}." in person.signs_in(path)
    assert path.read_bytes() == before


def test_the_owner_may_withhold_a_scope(person: Person, path: Path) -> None:
    person.answers["Paste the address that it shows now"] = lambda address: consent(address, without="comment.list")

    assert "It did not allow comment.list." in person.signs_in(path)


def test_fewer_scopes_can_be_asked_for(person: Person, path: Path) -> None:
    person.signs_in(path, "--scopes", "user.info.basic, video.list")

    assert "&scope=user.info.basic%2Cvideo.list&" in person.printed


# --- What was pasted ------------------------------------------------------------------------------------------------


def bare_code(address: str) -> str:
    """The code alone, as the address has it: encoded."""
    return consent(address).split("code=")[1].split("&")[0]


def test_what_a_sync_stored_meanwhile_stays(person: Person, path: Path) -> None:
    person.signs_in(path)

    def while_a_sync_stores(address: str) -> str:
        path.write_text(json.dumps({**content(path), "additional_accounts": [{"refresh_token": "rft.new"}]}))
        return consent(address)

    person.answers["Paste the address that it shows now"] = while_a_sync_stores
    person.signs_in(path)

    assert content(path)["additional_accounts"] == [{"refresh_token": "rft.new"}]


def test_a_config_that_does_not_name_its_account_is_spoken_of(
    person: Person, path: Path, tiktok: RunningEmulator
) -> None:
    credentials = {"auth_type": "business_oauth", **APP, "refresh_token": "rft.of-somebody"}
    path.write_text(json.dumps({"api_url": tiktok.url, "credentials": credentials}))

    assert "did not say which account it had before" in person.signs_in(path)
    assert "did not say which account it had before" not in person.signs_in(path)


def test_a_file_that_can_not_be_replaced_is_said(person: Person, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(path: Path, content: Any) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(sign_in, "replace", busy)

    assert "can't be written (Device or resource busy), so the tokens are lost." in person.signs_in(path)


def test_a_sign_in_to_tiktok_itself_does_without_the_cdk() -> None:
    script = "import sys; from source_tiktok_organic import sign_in; sys.exit('airbyte_cdk' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_python_without_the_packages_is_told_to_activate_the_environment() -> None:
    # -S leaves out the installed packages, as they are missing outside of the environment.
    command = [sys.executable, "-S", "-m", "source_tiktok_organic.sign_in"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "This Python has no requests. Activate the environment first: . .venv/bin/activate\n"


@pytest.mark.parametrize("browse", [bare_code, lambda address: f"  {consent(address)}\n"], ids=["the code", "blanks"])
def test_what_is_pasted_may_be_the_code_alone_or_have_blanks(person: Person, path: Path, browse: Browse) -> None:
    person.answers["Paste the address that it shows now"] = browse

    assert "is signed in to" in person.signs_in(path)


def of_another_sign_in(address: str) -> str:
    """An address with another `state`."""
    return consent(address).split("&state=")[0] + "&state=another"


def used(address: str) -> str:
    """An address with a code that somebody has changed for tokens."""
    found = consent(address)
    host = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    body = {**APP, "grant_type": "authorization_code", "redirect_uri": REDIRECT_URL}
    code = dict(parse_qsl(urlsplit(found).query))["code"]
    token = f"{host}/open_api/v1.3/tt_user/oauth2/token/"
    assert requests.post(token, json={**body, "auth_code": code}, timeout=10).json()["code"] == 0
    return found


@pytest.mark.parametrize(
    ("browse", "sentence"),
    [
        (lambda address: consent(address, decision="cancel"), "The access was not allowed in the browser."),
        (of_another_sign_in, "This address belongs to another sign-in, or"),
        (used, "The code is good for ten minutes and for one use."),
        (lambda address: consent(address).split("&state=")[0], "or a part of it is missing."),
        (lambda _: "https://example.com/callback/?scopes=video.list", "There is no code in this address."),
        (lambda _: "https://example.com/callback/", "There is no code in this address."),
        (lambda _: "foo", "This is neither an address nor a code."),
        (lambda _: "the page was empty", "This is neither an address nor a code."),
        (lambda _: "abc*1!5001.em", "TikTok refused (code 40110: Auth code is invalid, expired or has been used.)."),
    ],
    ids=[
        "cancelled",
        "another state",
        "used",
        "no state",
        "no code",
        "no query",
        "a word",
        "words",
        "no code of TikTok's",
    ],
)
def test_a_sign_in_that_fails_says_what_to_do_and_changes_nothing(
    person: Person, path: Path, browse: Browse, sentence: str
) -> None:
    before = path.read_bytes()
    person.answers["Paste the address that it shows now"] = browse

    assert sentence in person.signs_in(path)
    assert path.read_bytes() == before


def test_a_code_that_is_older_than_ten_minutes_is_explained(
    person: Person, path: Path, tiktok: RunningEmulator
) -> None:
    def late(address: str) -> str:
        found = consent(address)
        tiktok.emulator.clock.advance(601)
        return found

    person.answers["Paste the address that it shows now"] = late

    assert "The code is good for ten minutes" in person.signs_in(path)
    assert "The code is good for ten minutes" in person.signs_in(path, "--family", "login_kit")


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"app_lacks_scopes": "comment.list"}, "TikTok refuses all scopes if the app lacks one of them."),
        ({"app_is_approved": False}, 'An app of the TikTok API for Business needs the permission "TikTok Accounts"'),
    ],
    ids=["a scope that the app lacks", "an app without the permission"],
)
def test_a_refusal_of_the_app_is_explained(
    person: Person, path: Path, tiktok: RunningEmulator, knobs: dict[str, Any], sentence: str
) -> None:
    tiktok.emulator.set_knobs(**knobs)

    assert sentence in person.signs_in(path)


@pytest.mark.parametrize("family", ["business", "login_kit"])
@pytest.mark.parametrize(
    ("question", "answer", "sentence"),
    [
        ("client_secret of your app (it is not shown)", "wrong", "Check the app's id and its secret."),
        ("Redirect URL of your app", "https://example.com/other/", "The redirect URL must be the one of the app"),
    ],
    ids=["secret", "redirect URL"],
)
def test_a_wrong_secret_or_redirect_url_is_explained(
    person: Person, path: Path, family: str, question: str, answer: str, sentence: str
) -> None:
    # The code is one of the right redirect URL: the consent page gives no code for another.
    person.answers["Paste the address that it shows now"] = lambda address: consent(
        address.replace("%2Fother%2F", "%2Fcallback%2F")
    )
    person.answers[question] = answer

    assert sentence in person.signs_in(path, "--family", family)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(40100, "Wait five minutes, then run this again."), (51065, "Its servers have a problem of their own.")],
)
def test_trouble_that_passes_is_no_fault_of_the_user(
    person: Person, path: Path, tiktok: RunningEmulator, code: int, sentence: str
) -> None:
    set_fault(tiktok, "tt_user/oauth2/token/", "code", code=code)

    assert sentence in person.signs_in(path)


def test_a_secret_that_tiktok_repeats_is_not_shown(person: Person, path: Path, tiktok: RunningEmulator) -> None:
    set_fault(tiktok, "tt_user/oauth2/token/", "code", code=40002, message=f"bad value {APP['client_secret']}")

    said = person.signs_in(path)

    assert "(code 40002: bad value ****)" in said
    assert APP["client_secret"] not in said


def answering(status: int, body: Any, **headers: str) -> Any:
    """A server that gives every request the same answer, and `bodies` with what it was sent."""
    bodies: list[bytes] = []

    async def answer(request: Request) -> JSONResponse:
        bodies.append(await request.body())
        return JSONResponse(body, status, headers)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])]), bodies


def test_the_secret_is_sent_to_no_other_host(person: Person, path: Path) -> None:
    other, received = answering(200, {})
    person.answers["Paste the address that it shows now"] = "abc*1!5001.em"
    with serving(other) as elsewhere:
        first, _ = answering(307, {}, Location=elsewhere)
        with serving(first) as url:
            path.write_text(json.dumps({"api_url": url}), encoding="utf-8")

            assert "could not be asked for tokens" in person.signs_in(path)
    assert received == []


def test_tokens_without_a_proper_end_are_refused(person: Person, path: Path) -> None:
    data = {"access_token": "act.1", "refresh_token": "rft.1", "expires_in": "soon", "open_id": "-000abc"}
    person.answers["Paste the address that it shows now"] = "abc*1!5001.em"
    with serving(answering(200, {"code": 0, "data": data})[0]) as url:
        path.write_text(json.dumps({"api_url": url}), encoding="utf-8")

        assert "TikTok sent no tokens" in person.signs_in(path)


def test_where_nobody_answers_the_host_is_named(person: Person, path: Path) -> None:
    path.write_text(json.dumps({"api_url": "http://127.0.0.1:9"}), encoding="utf-8")
    person.answers["Paste the address that it shows now"] = "abc*1!5001.em"

    assert person.signs_in(path) == (
        "127.0.0.1:9 could not be asked for tokens (ConnectionError). Run this again in a while."
    )


# --- Before anything is asked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "arguments", "sentence"),
    [
        ("{", [], "is no JSON"),
        ("[]", [], "is no config of this connector."),
        ('{"additional_accounts": ["-000abc"]}', [], "is no config of this connector."),
        ('{"api_url": "http://example.com"}', [], "The setting `api_url` must begin with https://"),
        ('{"credentials": {"auth_type": "login_kit"}}', ["--family", "business"], "is for the other family"),
        (
            '{"credentials": {"auth_type": "login_kit"}}',
            ["--add"],
            "Each account of Login Kit has its own config.",
        ),
        ("{}", ["--add"], "Sign in to the first account without --add."),
        ("{}", ["--scopes", "video.lists"], "TikTok API for Business has no scope video.lists. These are there: user."),
    ],
)
def test_a_mistake_is_said_before_anything_is_asked(
    person: Person, tmp_path: Path, config: str, arguments: list[str], sentence: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(config, encoding="utf-8")

    assert sentence in person.signs_in(path, *arguments)
    assert person.questions == []


def test_a_folder_that_is_not_there_is_said_before_anything_is_asked(person: Person, tmp_path: Path) -> None:
    assert "there is no such folder" in person.signs_in(tmp_path / "none" / "config.json")
    assert person.questions == []


# --- In a terminal --------------------------------------------------------------------------------------------------


def test_in_a_terminal_the_secret_is_not_shown_and_ctrl_c_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    process, terminal = pty.fork()
    if process == 0:
        # Whoever runs the tests in the background may have it ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(sys.executable, [sys.executable, "-m", "source_tiktok_organic.sign_in", str(path)])
    shown = b""

    def wait_for(text: bytes) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(terminal, 4096)

    wait_for(b"client_id of your app: ")
    os.write(terminal, b"7400000000000000001\n")
    wait_for(b"(it is not shown): ")
    os.write(terminal, b"emulator-client-secret\n")
    wait_for(b"Redirect URL of your app: ")
    os.write(terminal, b"\x03")
    while b"Nothing was signed in to" not in shown:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096)
        else:
            # Python misses a Ctrl-C that comes after the question and before it reads.
            os.write(terminal, b"\x03")
    _, status = os.waitpid(process, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 1
    assert b"emulator-client-secret" not in shown
    assert b"Traceback" not in shown
    assert path.read_bytes() == before
