"""Make a source and a connection in Airbyte for each TikTok account of a list.

`python -m examples.connections plan.json`, where plan.json is

    {"airbyte_url": "https://airbyte.example.com", "workspace_id": "…", "definition_id": "…", "destination_id": "…",
     "credentials": {"client_id": "App ID of your TikTok app", "client_secret": "its Secret"},
     "accounts": [{"name": "Knead & Rise", "refresh_token": "rft.…"}]}

`make register` prints the definition's id, and an address that has the workspace's: /workspaces/…/source/new-source/….
The id of the destination is in the address of its page in Airbyte: /workspaces/…/destination/….

That makes the source and the connection `TikTok Organic - Knead & Rise`, with tables in the schema
`tiktok_knead_rise`. With `"comments": true` beside the accounts the streams of comments are read too, and
`"settings": {"start_date": "2025-01-01"}` gives every new source the connector's other settings.

If your Airbyte has a login, put the client id and secret of an application into the environment, as AIRBYTE_CLIENT_ID
and AIRBYTE_CLIENT_SECRET. The command may be run again at any time: it makes what is missing. A source that is there is
left as it is, because its refresh token has been replaced since. If it has no connection, it gets one. The API is
described at https://reference.airbyte.com.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import requests
import yaml
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from source_tiktok_organic.config import unknown_settings, validate_config
from source_tiktok_organic.sign_in import MANIFEST
from tools.airbyte_api import WHERE_CREDENTIALS_ARE, Bearer
from tools.register import is_loopback

SECONDS = 300  # Airbyte runs the connector's `discover` when it is asked for the streams.
# Comments cost a call for each post.
COMMENT_STREAMS = {"videos_comments", "videos_comments_replies"}
# Without a mode Airbyte takes Full refresh | Overwrite, which would throw the history away at each sync.
SYNC_MODE = "incremental_deduped_history"
# What the plan above has in the place of secrets.
EXAMPLES = ("App ID of your TikTok app", "its Secret", "rft.…")
# What is wrong with a key of the plan, by pydantic's type of the error. Its own messages speak of Python.
PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key of a plan",
    "string_type": "must be text in quotes",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "must be the address at which you open Airbyte, such as https://airbyte.example.com",
    "uuid_parsing": "must be an id of Airbyte, such as 871d9b60-11d1-44cb-8c92-c246d53bf87e",
    "uuid_type": "must be an id of Airbyte in quotes",
    "bool_type": "must be true or false",
    "list_type": "must be a list in square brackets",
    "too_short": "is empty",
    "model_type": "must be an object in braces",
    "dict_type": "must be an object in braces",
    "value_error": "is still that of the example, so put your own there",
}


def own(text: str) -> str:
    """The text, unless it is that of the example."""
    if text in EXAMPLES:
        raise ValueError
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
OwnText = Annotated[Text, AfterValidator(own)]
# Neither a user nor a password may be in it, because the address is printed.
Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$")]
Answer = TypeVar("Answer")


class PlanError(Exception):
    """The plan, the environment or the login can't be used; the text says what to do."""


class RefusedError(Exception):
    """Airbyte refused a call; the text has its words."""


class PartOfPlan(BaseModel):
    """A JSON object without keys that nobody reads."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Credentials(PartOfPlan):
    """The TikTok app. Other keys of the connector's credentials may be given, for example `auth_type`."""

    model_config = ConfigDict(strict=True, extra="allow")

    client_id: OwnText
    client_secret: OwnText


class Account(PartOfPlan):
    """An account that has signed in once."""

    name: Text
    refresh_token: OwnText

    @property
    def title(self) -> str:
        """The name of its source and of its connection."""
        return f"TikTok Organic - {self.name}"

    @property
    def schema_name(self) -> str:
        """The schema of its tables: small letters without accents, digits and underscores.

        In:  the names "Knead & Rise", "Café 21"
        Out: "tiktok_knead_rise", "tiktok_cafe_21"
        """
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return "_".join(["tiktok", *re.findall("[a-z0-9]+", plain)])


class Plan(PartOfPlan):
    """What is to be made, and where."""

    airbyte_url: Address
    workspace_id: UUID
    definition_id: UUID
    destination_id: UUID
    credentials: Credentials
    accounts: Annotated[list[Account], Field(min_length=1)]
    comments: bool = False
    settings: dict[str, Any] = {}


class Token(BaseModel):
    """The answer to an application's client id and secret."""

    access_token: str


class Source(BaseModel):
    """What the API tells of a source, as far as it is needed."""

    id: str = Field(alias="sourceId")
    name: str
    definition_id: UUID = Field(alias="definitionId")


class Connection(BaseModel):
    """What the API tells of a connection, as far as it is needed."""

    source_id: str = Field(alias="sourceId")


class Stream(BaseModel):
    """What the API tells of a stream, as far as it is needed."""

    name: str = Field(alias="streamName")


class Page(BaseModel, Generic[Answer]):
    """A page of a list."""

    data: list[Answer]


class Airbyte:
    """The calls of Airbyte's public API that this takes. An Airbyte without a login has no client id and secret."""

    def __init__(self, plan: Plan, client_id: str, client_secret: str) -> None:
        self._url = plan.airbyte_url.rstrip("/")
        self._session = requests.Session()
        # What isn't encrypted goes to this machine alone, past any proxy that the environment names.
        self._session.trust_env = self._url.startswith("https:")
        self._secrets = [plan.credentials.client_secret, *(one.refresh_token for one in plan.accounts)]
        if client_id:
            self._log_in(client_id, client_secret)

    def _log_in(self, client_id: str, client_secret: str) -> None:
        """Exchange an application's id and secret."""
        self._secrets.append(client_secret)
        grant = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        try:
            token = self.call(Token, "POST", "applications/token", json=grant)
        except RefusedError as refusal:
            raise PlanError(
                f"{refusal} Compare AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET with those of your application. "
                f"{WHERE_CREDENTIALS_ARE}"
            ) from None
        self._secrets.append(token.access_token)
        self._session.auth = Bearer(token.access_token)

    def listed(self, kind: type[Answer], path: str, workspace_id: UUID) -> Iterator[Answer]:
        """All sources or connections of a workspace."""
        offset = 0
        while True:
            wanted: dict[str, str | int] = {"workspaceIds": str(workspace_id), "limit": 100, "offset": offset}
            page = self.call(Page[kind], "GET", path, params=wanted).data  # type: ignore[valid-type]
            yield from page
            if not page:
                return
            offset += len(page)

    def call(self, kind: type[Answer], method: str, path: str, **request: Any) -> Answer:
        """Ask Airbyte something or make something.

        `RefusedError`: Airbyte answered with an error. `PlanError`: nobody answered, or somebody else did.
        """
        try:
            response = self._session.request(
                method,
                f"{self._url}/api/public/v1/{path}",
                timeout=SECONDS,
                allow_redirects=False,  # a redirect would take the body along, and the secret in it
                **request,
            )
        except requests.RequestException as error:
            raise PlanError(
                f"Airbyte does not answer at {self._url} ({type(error).__name__}). See that it runs, and that "
                "airbyte_url is the address at which you open it in the browser."
            ) from None
        if response.is_redirect or not response.ok:
            words = response.text
            for secret in self._secrets:
                words = words.replace(secret, "****")
            raise RefusedError(f"Airbyte refused {path} (HTTP {response.status_code}): {words[:500]}")
        try:
            return TypeAdapter(kind).validate_json(response.content)
        except ValidationError:
            raise PlanError(
                f"{self._url} does not answer {path} as Airbyte's API does. airbyte_url must be the address at which "
                "you open Airbyte in the browser, without a page behind it."
            ) from None


def source_of(plan: Plan, account: Account) -> dict[str, Any]:
    """What Airbyte is told of an account.

    In:  the plan, and the account `{"name": "Knead & Rise", "refresh_token": "rft.1"}`
    Out: `{"name": "TikTok Organic - Knead & Rise", "workspaceId": "…", "definitionId": "…", "configuration": {…}}`
    """
    app = plan.credentials.model_dump()
    return {
        "name": account.title,
        "workspaceId": str(plan.workspace_id),
        "definitionId": str(plan.definition_id),
        "configuration": {
            **plan.settings,
            "credentials": {"auth_type": "business_oauth", **app, "refresh_token": account.refresh_token},
        },
    }


def connection_of(plan: Plan, number: int, source_id: str, streams: list[str]) -> dict[str, Any]:
    """A daily connection with tables of its own; each begins five minutes after the one before, from 3 o'clock (UTC).

    In:  the plan, 13 for its fourteenth account, the account's source and the source's streams
    Out: `{"name": "TikTok Organic - Knead & Rise", "schedule": {"cronExpression": "0 5 4 * * ?", …}, …}`
    """
    account = plan.accounts[number]
    hours, minutes = divmod(5 * number, 60)
    return {
        "name": account.title,
        "sourceId": source_id,
        "destinationId": str(plan.destination_id),
        "namespaceDefinition": "custom_format",
        "namespaceFormat": account.schema_name,
        "schedule": {"scheduleType": "cron", "cronExpression": f"0 {minutes} {(3 + hours) % 24} * * ?"},
        "configurations": {
            "streams": [
                {"name": stream, "syncMode": SYNC_MODE}
                for stream in streams
                if plan.comments or stream not in COMMENT_STREAMS
            ]
        },
    }


def plan_of(path: Path) -> Plan:
    """The plan in a file. `PlanError`: the file can't be read, or is no plan; the values in it are not repeated."""
    try:
        plan = Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PlanError(f"{path} can't be read: {error.strerror}. Name the file of your plan.") from None
    except ValidationError as error:
        raise PlanError("\n".join(f"{path}: {problem}" for problem in _problems(error))) from None
    address = urlsplit(plan.airbyte_url)
    if address.scheme == "http" and not is_loopback(address.hostname or ""):
        raise PlanError(
            f"{path}: airbyte_url begins with http://, so the tokens would cross the network for everybody to read. "
            "Use https://, or forward Airbyte's port to this machine (kubectl port-forward, ssh -L) and use "
            "http://localhost with that port."
        )
    numbers: dict[str, int] = {}
    for number, account in enumerate(plan.accounts, 1):
        schema = account.schema_name
        # Postgres cuts longer names, and two could become the same.
        if not 7 < len(schema) <= 63:
            raise PlanError(
                f"{path}: No schema can be named after account {number} ({account.name}). Give it a name of 1 to 56 "
                "letters from a to z, digits and blanks."
            )
        before = numbers.setdefault(schema, number)
        if before != number:
            raise PlanError(
                f"{path}: Accounts {before} ({plan.accounts[before - 1].name}) and {number} ({account.name}) would "
                f"both write to the schema {schema}. Give one of them another name, or take it out."
            )
    spec = yaml.load(MANIFEST.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["spec"]["connection_specification"]
    for number, account in enumerate(plan.accounts, 1):
        mistakes = list(_mistakes(source_of(plan, account)["configuration"], spec))
        if mistakes:
            raise PlanError("\n".join(f"{path}: Account {number} ({account.name}): {one}" for one in mistakes))
    return plan


def _mistakes(config: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    """What the connector itself would say of a config, before it makes a call.

    In:  `{"strt_date": "2026-01-01", "credentials": {…}}`
    Out: "The connector has no setting `strt_date`, so it has no effect. Is it `start_date`?"
    """
    yield from unknown_settings(config, spec)
    try:
        validate_config(config, spec)
    except AirbyteTracedException as error:
        yield str(error.message)


def _problems(error: ValidationError) -> Iterator[str]:
    """A sentence for each mistake.

    In:  the error of a plan where the second account has no refresh token
    Out: "refresh_token of number 2 of accounts is missing."
    """
    for problem in error.errors(include_input=False, include_url=False):
        if problem["type"] == "json_invalid":
            yield f"{problem['msg']}."
            continue
        where = [f"number {part + 1}" if isinstance(part, int) else part for part in reversed(problem["loc"])]
        yield f"{' of '.join(where) or 'The plan'} {PROBLEMS.get(problem['type'], problem['msg'])}."


def client_of(environment: Mapping[str, str]) -> tuple[str, str]:
    """The id and secret of Airbyte's application, or empty ones for an Airbyte without a login."""
    client = environment.get("AIRBYTE_CLIENT_ID", ""), environment.get("AIRBYTE_CLIENT_SECRET", "")
    if any(client) and not all(client):
        missing = "AIRBYTE_CLIENT_SECRET" if client[0] else "AIRBYTE_CLIENT_ID"
        raise PlanError(
            f"{missing} is missing. Set it to that of the application, or neither if your Airbyte has no login. "
            f"{WHERE_CREDENTIALS_ARE}"
        )
    return client


def make_what_is_missing(plan: Plan, client_id: str, client_secret: str) -> bool:
    """Make sources and connections, print what became of each account, and tell whether all of them have theirs."""
    airbyte = Airbyte(plan, client_id, client_secret)
    try:
        listed = airbyte.listed(Source, "sources", plan.workspace_id)
        sources = [source for source in listed if source.definition_id == plan.definition_id]
        connected = {one.source_id for one in airbyte.listed(Connection, "connections", plan.workspace_id)}
    except RefusedError as refusal:
        log_in = f"Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET if it has a login. {WHERE_CREDENTIALS_ARE}"
        compare = "Compare workspace_id with the address at which you see the workspace in the browser."
        raise PlanError(f"{refusal} {compare if client_id else log_in}") from None
    complete = True
    for number, account in enumerate(plan.accounts):
        # Version 0.1.0 named them `TikTok harbour_coffee`.
        there = [source.id for source in sources if source.name in {account.title, f"TikTok {account.name}"}]
        if connected.intersection(there):
            print(f"{account.title} is there already.")
            continue
        # A token ends after some minutes, and a long list takes longer.
        airbyte = Airbyte(plan, client_id, client_secret)
        try:
            source_id = there[0] if there else airbyte.call(Source, "POST", "sources", json=source_of(plan, account)).id
            pair = {"sourceId": source_id, "destinationId": str(plan.destination_id)}
            streams = [stream.name for stream in airbyte.call(list[Stream], "GET", "streams", params=pair)]
            connection = connection_of(plan, number, source_id, streams)
            airbyte.call(Connection, "POST", "connections", json=connection)
        except RefusedError as refusal:
            print(f"{account.title} is not complete. {refusal}", file=sys.stderr)
            complete = False
        else:
            print(f"Made {'the connection of ' if there else ''}{account.title}.")
    return complete


def main() -> None:
    """Make what is missing."""
    try:
        if len(sys.argv) != 2:
            raise PlanError("Name the file of your plan: python -m examples.connections plan.json")
        plan = plan_of(Path(sys.argv[1]))
        if not make_what_is_missing(plan, *client_of(os.environ)):
            sys.exit("Not everything was made. Change what Airbyte names, and run the same command again.")
    except PlanError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
