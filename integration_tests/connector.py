"""Running the connector's command as Airbyte does, and reading what it printed."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Client, Listener
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import requests

from integration_tests import streams as listed
from integration_tests.emulator.accounts import FIRST_OPEN_ID
from integration_tests.emulator.server import RunningEmulator

COMMAND = str(Path(sys.executable).parent / "source-tiktok-organic")
WITHOUT_WAITING = (sys.executable, "-m", "integration_tests.without_waiting")
STREAMS = [*listed.ACCOUNT_STREAMS, *listed.POST_STREAMS]
COMMENT_STREAMS = [*listed.COMMENT_STREAMS]
LOGIN_KIT_STREAMS = [*listed.LOGIN_KIT_STREAMS]
SYNC_MODES = ["full_refresh", "incremental"]
# Columns with addresses that TikTok signs anew for every answer.
SIGNED = {"profile_image", "thumbnail_url"}
# No run may take longer.
SECONDS = 120

Row = dict[str, Any]
Message = dict[str, Any]


@dataclass
class Output:
    """The messages of one run of the command."""

    exit_code: int
    messages: list[Message]
    text: str = field(repr=False)

    def of_type(self, kind: str) -> list[Message]:
        """The messages of one type, e.g. "STATE"."""
        return [message for message in self.messages if message["type"] == kind]

    def rows(self, stream: str) -> list[Row]:
        """The rows of a stream in the order in which they came."""
        return [
            message["record"]["data"] for message in self.of_type("RECORD") if message["record"]["stream"] == stream
        ]

    def contents(self, streams: list[str], business_id: str | None = None) -> dict[str, list[list[tuple[str, Any]]]]:
        """The rows of each stream in a fixed order and without what changes from answer to answer, or one account's."""
        return {
            name: sorted(
                sorted((column, value) for column, value in row.items() if column not in SIGNED)
                for row in self.rows(name)
                if business_id in (None, row["business_id"])
            )
            for name in streams
        }

    @property
    def row_counts(self) -> Counter[str]:
        """How many rows each stream gave."""
        return Counter(message["record"]["stream"] for message in self.of_type("RECORD"))

    @property
    def state(self) -> list[Message]:
        """The last state of each stream, as it is handed to the next sync."""
        last = {message["state"]["stream"]["stream_descriptor"]["name"]: message for message in self.of_type("STATE")}
        return [{"type": "STREAM", "stream": message["state"]["stream"]} for message in last.values()]

    @property
    def errors(self) -> list[str]:
        """What the connector tells the user that went wrong."""
        return [
            message["trace"]["error"]["message"]
            for message in self.of_type("TRACE")
            if message["trace"]["type"] == "ERROR"
        ]

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Each stream that failed with what the connector says about it, as often as it says something."""
        errors = [message["trace"]["error"] for message in self.of_type("TRACE") if "error" in message["trace"]]
        named = [error for error in errors if error.get("stream_descriptor")]
        return sorted((error["stream_descriptor"]["name"], error["message"]) for error in named)

    @property
    def logs(self) -> list[str]:
        """What the connector says on the way."""
        return [message["log"]["message"] for message in self.of_type("LOG")]

    @property
    def connection_status(self) -> dict[str, Any]:
        """The answer of `check`."""
        (message,) = self.of_type("CONNECTION_STATUS")
        status: dict[str, Any] = message["connectionStatus"]
        return status

    @property
    def written_back(self) -> list[dict[str, Any]]:
        """The configs that the platform is asked to store."""
        return [message["control"]["connectorConfig"]["config"] for message in self.of_type("CONTROL")]

    @property
    def catalog(self) -> dict[str, dict[str, Any]]:
        """The streams that `discover` found, by name."""
        (message,) = self.of_type("CATALOG")
        return {stream["name"]: stream for stream in message["catalog"]["streams"]}


_PROGRAM = """\
#!{python} -IS
import os, sys
from multiprocessing.connection import Client
with Client({address!r}) as tests:
    tests.send((sys.argv[1:], os.getpid(), dict(os.environ), os.getcwd()))
    sys.exit(tests.recv())
"""


class ReadyToRun:
    """Runs the command without its imports, one run at a time: see `integration_tests/ready_to_run.py`."""

    def __init__(self) -> None:
        # A process group of its own, so that a run that nobody waits for any more can be ended with it.
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("ready_to_run.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        if self._answer() != "ready":
            self.close()
            raise ChildProcessError("The command can't be imported; why not stands in the captured standard error.")

    def close(self) -> None:
        """End the process that forks."""
        self._process.communicate()

    def run(self, command: list[str], folder: Path, seconds: int = SECONDS) -> "subprocess.CompletedProcess[str]":
        """What `subprocess.run` would return or raise; the output comes by way of files in `folder`."""
        stdout, stderr = folder / "stdout.txt", folder / "stderr.txt"
        stdout.write_text("")
        stderr.write_text("")
        with self.running(command, stdout, stderr, seconds=seconds):
            exit_code = self.wait()
        if exit_code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(command, seconds, stdout.read_text(), stderr.read_text())
        return subprocess.CompletedProcess(command, exit_code, stdout.read_text(), stderr.read_text())

    @contextmanager
    def running(
        self,
        command: list[str],
        stdout: Path,
        stderr: Path,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
        seconds: int = SECONDS,
    ) -> Iterator[int]:
        """Begin a run and give the id of its process; `wait` for its end inside."""
        run = {
            "command": command,
            "folder": str(folder or Path.cwd()),
            "environment": environment or dict(os.environ),
            "stdout": str(stdout),
            "stderr": str(stderr),
            "seconds": seconds,
        }
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{json.dumps(run)}\n")
            self._process.stdin.flush()
            yield int(self._answer())
        except BaseException:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise

    @contextmanager
    def as_program(self, folder: Path) -> Iterator[Path]:
        """A program that does what the command does, for those who start processes themselves; its runs are forked."""
        program = folder / "bin" / Path(COMMAND).name
        program.parent.mkdir()
        with Listener() as listener:
            program.write_text(_PROGRAM.format(python=sys.executable, address=listener.address))
            program.chmod(0o755)
            serving = Thread(target=self._serve, args=(listener,), name="runs of the program")
            serving.start()
            try:
                yield program
            finally:
                with Client(listener.address) as client:
                    client.send(None)
                serving.join()

    def _serve(self, listener: Listener) -> None:
        while True:
            with listener.accept() as client:
                run = client.recv()
                if run is None:
                    return
                arguments, process, environment, folder = run
                # What the program was given to write to.
                stdout, stderr = Path(f"/proc/{process}/fd/1"), Path(f"/proc/{process}/fd/2")
                with self.running([COMMAND, *arguments], stdout, stderr, environment, Path(folder)):
                    exit_code = self.wait()
                with suppress(ConnectionError):  # nobody waits for it any more
                    client.send(exit_code)

    def wait(self) -> int:
        """The exit code of the run, as soon as it is over."""
        return int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@dataclass
class Connector:
    """The command `source-tiktok-organic` with its files in `folder`, and how much it logs.

    Its runs are forked from `ready`, or else, as Airbyte's, processes that begin from nothing.
    """

    folder: Path
    command: tuple[str, ...] = (COMMAND,)
    options: tuple[str, ...] = ()
    ready: ReadyToRun | None = None

    def spec(self) -> Output:
        """Run `spec`."""
        return self._run("spec")

    @property
    def without_waiting(self) -> "Connector":
        """The same, except that its waits move the emulator's clock."""
        return replace(self, command=WITHOUT_WAITING)

    @property
    def at_debug_level(self) -> "Connector":
        """The same, logging all that it can."""
        return replace(self, options=("--debug",))

    @property
    def installed(self) -> "Connector":
        """The same as a process that begins from nothing."""
        return replace(self, ready=None)

    def check(self, config: Any) -> Output:
        """Run `check`."""
        return self._run("check", *self._option("config", config))

    def discover(self, config: Any) -> Output:
        """Run `discover`."""
        return self._run("discover", *self._option("config", config))

    def read(
        self,
        config: Any,
        streams: list[str] | None = None,
        state: list[Message] | None = None,
        sync_mode: str = "incremental",
    ) -> Output:
        """Run `read` for the named streams, or for all."""
        return self._run("read", *self.write_files(config, streams, state, sync_mode))

    def read_and_be_killed(
        self,
        is_time: Callable[[list[Message]], bool],
        config: Any,
        streams: list[str],
        state: list[Message] | None = None,
        **environment: str,
    ) -> list[Message]:
        """Run `read`, kill it as soon as `is_time` says so of its messages, and return all that were whole."""
        assert self.ready
        command = [*self.command, "read", *self.write_files(config, streams, state)]
        stdout, stderr = self.folder / "messages", self.folder / "stderr.txt"
        os.mkfifo(stdout)
        messages: list[Message] = []
        with self.ready.running(command, stdout, stderr, {**os.environ, **environment}) as process:
            with stdout.open() as lines:
                for line in lines:
                    messages.append(json.loads(line))
                    if is_time(messages):
                        os.kill(process, signal.SIGKILL)
                        break
                rest = lines.read().splitlines(keepends=True)
            self.ready.wait()
        stdout.unlink()
        return messages + [json.loads(line) for line in rest if line.endswith("\n")]

    def write_files(
        self,
        config: Any,
        streams: list[str] | None = None,
        state: list[Message] | None = None,
        sync_mode: str = "incremental",
    ) -> list[str]:
        """Write what `read` needs and return its options."""
        catalog = configured_catalog(streams or STREAMS, sync_mode)
        files = {"config": config, "catalog": catalog, **({} if state is None else {"state": state})}
        return [option for name, content in files.items() for option in self._option(name, content)]

    def _option(self, name: str, content: Any) -> list[str]:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return [f"--{name}", str(path)]

    def _run(self, verb: str, *options: str) -> Output:
        command = [*self.command, verb, *options, *self.options]
        if self.ready:
            process = self.ready.run(command, self.folder)
        else:
            process = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        messages = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
        return Output(process.returncode, messages, process.stdout + process.stderr)


def configured_catalog(streams: list[str], sync_mode: str = "incremental") -> dict[str, Any]:
    """The file that tells `read` which streams to read."""
    return {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {}, "supported_sync_modes": SYNC_MODES},
                "sync_mode": sync_mode,
                "destination_sync_mode": "append",
            }
            for name in streams
        ]
    }


class Served(Protocol):
    """An emulator that can be reached, in this process or another."""

    @property
    def url(self) -> str:
        """Its scheme, host and port."""


def granted(emulator: Served, open_id: str = FIRST_OPEN_ID, **wish: Any) -> dict[str, Any]:
    """What TikTok answers when the owner of the account has agreed; `wish` may name scopes and lives of tokens."""
    grant: dict[str, Any] = requests.post(
        f"{emulator.url}/_emulator/grant", json={"open_id": open_id, **wish}, timeout=10
    ).json()
    return grant


def granted_by_all(emulator: Served) -> list[dict[str, Any]]:
    """The same for each of the emulator's accounts."""
    accounts = requests.get(f"{emulator.url}/_emulator/accounts", timeout=10).json()
    return [granted(emulator, account["open_id"]) for account in accounts]


def revoke(emulator: Served, access_token: str) -> None:
    """Let the account's owner withdraw the permission that a token came with."""
    app = {"client_id": "7400000000000000001", "client_secret": "emulator-client-secret"}
    url = f"{emulator.url}/open_api/v1.3/tt_user/oauth2/revoke/"
    assert requests.post(url, json={**app, "access_token": access_token}, timeout=10).json()["code"] == 0


def oauth_config(
    emulator: Served, open_id: str = FIRST_OPEN_ID, grant: dict[str, Any] | None = None, **settings: Any
) -> dict[str, Any]:
    """The config of a user who has just authenticated; calls are not slowed down."""
    return {
        "credentials": {
            "auth_type": "business_oauth",
            "client_id": "7400000000000000001",
            "client_secret": "emulator-client-secret",
            "refresh_token": (grant or granted(emulator, open_id))["refresh_token"],
        },
        "api_url": emulator.url,
        "requests_per_minute": 6000,
        **settings,
    }


def several_accounts_config(
    emulator: Served, grants: list[dict[str, Any]] | None = None, **settings: Any
) -> dict[str, Any]:
    """The config of a user who has just authenticated several accounts, or all, and calls the second "Account 2"."""
    first, *more = grants or granted_by_all(emulator)
    entries = [
        {"name": f"Account {number}", "refresh_token": grant["refresh_token"]} for number, grant in enumerate(more, 2)
    ]
    return oauth_config(emulator, grant=first, additional_accounts=entries, **settings)


def token_config(
    emulator: Served,
    open_id: str = FIRST_OPEN_ID,
    grant: dict[str, Any] | None = None,
    has_client_id: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """The config of a user who typed an access token in, and perhaps the app's id; calls are not slowed down."""
    return {
        "credentials": {
            "auth_type": "business_access_token",
            "access_token": (grant or granted(emulator, open_id))["access_token"],
            "business_id": open_id,
            **({"client_id": "7400000000000000001"} if has_client_id else {}),
        },
        "api_url": emulator.url,
        "requests_per_minute": 6000,
        **settings,
    }


def login_kit_config(emulator: Served, grant: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """The config of a user who has just authenticated with Login Kit."""
    return {
        "credentials": {
            "auth_type": "login_kit",
            "client_key": "7400000000000000001",
            "client_secret": "emulator-client-secret",
            "refresh_token": (grant or granted(emulator, family="login_kit"))["refresh_token"],
        },
        "api_url": emulator.url,
        "requests_per_minute": 6000,
        **settings,
    }


def secrets_of(*configs: dict[str, Any]) -> set[str]:
    """Every token and secret of the configs."""
    names = ("client_secret", "refresh_token", "access_token")
    entries = [entry for config in configs for entry in (config["credentials"], *config.get("additional_accounts", []))]
    return {entry[name] for entry in entries for name in names if name in entry}


def set_fault(emulator: Served, path: str, kind: str, **details: Any) -> None:
    """Let something go wrong on the next call of an endpoint, or as `details` say."""
    fault = {"path": path, "kind": kind, **details}
    requests.post(f"{emulator.url}/_emulator/faults", json=fault, timeout=10).raise_for_status()


def call_log(emulator: Served, path: str) -> list[dict[str, Any]]:
    """The calls of one endpoint as the emulator logged them, in the order in which they came."""
    log: list[dict[str, Any]] = requests.get(f"{emulator.url}/_emulator/calls", timeout=10).json()
    return [call for call in log if call["path"] == path]


def calls_by_account(emulator: Served) -> dict[str | None, Counter[str]]:
    """How many calls each account made to each endpoint, refused ones included; None are calls of nobody."""
    log = requests.get(f"{emulator.url}/_emulator/calls", timeout=10).json()
    accounts = {call["business_id"] for call in log}
    return {account: Counter(call["path"] for call in log if call["business_id"] == account) for account in accounts}


def calls(emulator: RunningEmulator) -> dict[str, int]:
    """How many calls each endpoint got, refused ones included; none of them may have been refused."""
    summary = requests.get(f"{emulator.url}/_emulator/calls/summary", timeout=10).json()
    assert all(counts["refused"] == 0 for counts in summary.values()), summary
    return {path: counts["total"] for path, counts in summary.items()}
