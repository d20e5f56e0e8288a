"""The examples in this process, which imports PyAirbyte once for all of them; `test_duckdb.py` has one of its own.

One shows Login Kit's streams. Another reads an account for an orchestrator: its rows, its tokens, and one reader at a
time. The third is the script of docs/pyairbyte.md.
"""

import fcntl
import json
import re
import stat
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from integration_tests.conftest import StartTikTok
from integration_tests.connector import COMMAND, LOGIN_KIT_STREAMS, ReadyToRun, granted, oauth_config
from integration_tests.emulator.accounts import AccountSpec

pytestmark = pytest.mark.skipif(not find_spec("airbyte"), reason="PyAirbyte needs Python 3.11 or 3.12")

POSTS = ["account", "videos"]
PYAIRBYTE_PAGE = Path(__file__).parent.parent / "docs" / "pyairbyte.md"


@pytest.fixture(autouse=True)
def forked_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: ReadyToRun) -> Iterator[None]:
    """PyAirbyte with its own files in the test's folder, and the runs that it starts forked as those of other tests."""
    for name in ("AIRBYTE_PROJECT_DIR", "AIRBYTE_LOGGING_ROOT", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("AIRBYTE_OFFLINE_MODE", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import airbyte
    get_source = airbyte.get_source

    def get_source_of_forked_runs(name: str, *, local_executable: Path, **options: Any) -> Any:
        assert local_executable.name == Path(COMMAND).name
        return get_source(name, local_executable=program, **options)

    with ready.as_program(tmp_path) as program:
        monkeypatch.setattr(airbyte, "get_source", get_source_of_forked_runs)
        yield


@pytest.fixture
def example() -> Any:
    """The module."""
    from examples import orchestrated

    return orchestrated


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    """Where the account's config is kept."""
    return tmp_path / "harbour.json"


def refresh_token_in(config_path: Path) -> str:
    """The token that the next sync will use."""
    token: str = json.loads(config_path.read_text())["credentials"]["refresh_token"]
    return token


def test_the_demo_of_login_kit_has_its_tables_and_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from examples import demo

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTS", "25")
    monkeypatch.setenv("WEEKS", "1")
    monkeypatch.setenv("FAMILY", "login_kit")
    demo.main()

    printed = capfd.readouterr().out
    with duckdb.connect(str(tmp_path / "demo" / "tiktok.duckdb"), read_only=True) as connection:
        for stream in LOGIN_KIT_STREAMS:
            (rows,) = connection.execute(f'SELECT count(*) FROM "{stream}"').fetchone() or (0,)
            assert rows > 0, stream
        types = dict(
            connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'user_videos'"
            ).fetchall()
        )
    assert types["create_time"] == "BIGINT"
    assert types["created_at"].startswith("TIMESTAMP")
    assert "likes, comments and shares for 100 views" in printed
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "There is one sync so far. After the next one, this shows how followers grew." in page
    assert "Login Kit does not tell who the followers are" in page
    assert "The most viewed post has" in page


def test_a_second_day_uses_the_tokens_and_the_state_of_the_first(
    example: Any, config_path: Path, tmp_path: Path, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=25, history_days=600), rotate_refresh_token=True)
    config_path.write_text(json.dumps(oauth_config(tiktok)))
    typed_in = refresh_token_in(config_path)

    first = example.read_account(config_path, example.duckdb_cache(tmp_path / "harbour.duckdb"), POSTS)
    of_the_first_day = refresh_token_in(config_path)
    pages = requests.get(f"{tiktok.url}/_emulator/calls/summary", timeout=10).json()["business/video/list/"]["total"]
    requests.post(f"{tiktok.url}/_emulator/clock/advance", json={"seconds": 86_500}, timeout=10)
    second = example.read_account(config_path, example.duckdb_cache(tmp_path / "harbour.duckdb"), POSTS)

    assert len({typed_in, of_the_first_day, refresh_token_in(config_path)}) == 3
    assert stat.S_IMODE(config_path.stat().st_mode) == 0o600
    # Both ran on one day of the connector's clock, so the second day's rows replace the first's.
    assert first == second
    assert first["account"] == 1
    assert first["videos"] > 20
    assert pages == 2
    summary = requests.get(f"{tiktok.url}/_emulator/calls/summary", timeout=10).json()
    # With a state, posts older than a year are not asked for.
    assert summary["business/video/list/"]["total"] == 3
    assert {path.name for path in tmp_path.glob("harbour.json*")} == {"harbour.json"}


def test_new_tokens_are_kept_although_a_stream_fails(
    example: Any, config_path: Path, tmp_path: Path, start_tiktok: StartTikTok
) -> None:
    import airbyte

    tiktok = start_tiktok(AccountSpec(posts=3), rotate_refresh_token=True)
    grant = granted(tiktok, scopes=["user.info.basic", "video.list"])
    config_path.write_text(json.dumps(oauth_config(tiktok, grant=grant)))

    with pytest.raises(airbyte.exceptions.AirbyteConnectorFailedError):
        example.read_account(
            config_path, example.duckdb_cache(tmp_path / "harbour.duckdb"), ["account", "account_metrics"]
        )

    kept = json.loads(config_path.read_text())["credentials"]
    assert kept["refresh_token"] != grant["refresh_token"]
    app = {name: kept[name] for name in ("client_id", "client_secret", "refresh_token")}
    renewal = requests.post(
        f"{tiktok.url}/open_api/v1.3/tt_user/oauth2/refresh_token/",
        json=app | {"grant_type": "refresh_token"},
        timeout=10,
    )
    assert renewal.json()["code"] == 0


def test_a_second_reader_of_an_account_is_refused(example: Any, config_path: Path, tmp_path: Path) -> None:
    config_path.write_text("{}")
    with config_path.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(example.AccountIsBeingReadError, match="Another process is reading the account of"):
            example.read_account(config_path, example.duckdb_cache(tmp_path / "harbour.duckdb"))


def test_the_script_of_the_pyairbyte_page_leaves_rows_new_tokens_and_the_state_of_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=25), rotate_refresh_token=True)
    (script,) = re.findall(r"^```python\n([^`]*read\(cache=cache\).*?)^```$", PYAIRBYTE_PAGE.read_text(), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    config_path = tmp_path / "config.json"
    config_path.write_text(json.dumps(oauth_config(tiktok)))
    typed_in = refresh_token_in(config_path)
    # `check` ends the token that was typed in, so `read` has to be given the new one.
    exec(script, {})

    assert refresh_token_in(config_path) != typed_in
    printed = capsys.readouterr().out
    with duckdb.connect(str(tmp_path / "tiktok.duckdb"), read_only=True) as connection:
        for stream in ("account", "account_metrics", "videos"):
            (rows,) = connection.execute(f"SELECT count(*) FROM {stream}").fetchone() or (0,)
            assert rows > 0, stream
            assert f"{stream} {rows}\n" in printed, stream
        states = connection.execute("SELECT stream_name FROM _airbyte_state ORDER BY stream_name").fetchall()
    assert states == [("account",), ("account_metrics",), ("videos",)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read: No such file or directory."),
        ('{"credentials": ', "harbour.json is no JSON."),
    ],
)
def test_a_config_that_cannot_be_read_is_a_sentence_and_leaves_nothing(
    example: Any, config_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    if content:
        config_path.write_text(content)
    folder = config_path.parent
    before = set(folder.iterdir())
    monkeypatch.setattr("sys.argv", ["orchestrated", str(config_path), str(folder / "harbour.duckdb")])
    with pytest.raises(SystemExit, match=said):
        example.main()
    assert set(folder.iterdir()) == before
