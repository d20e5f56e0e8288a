"""An Airbyte for the tests of what calls its API. It takes the documented requests and no others.

Requests and answers are those of airbyte-platform's OpenAPI documents
(airbyte-api/server-api/src/main/openapi/api_documentation_{applications,workspaces,source_definitions,
sources,streams,connections}.yaml and
airbyte-api/problems-api/src/main/openapi/api-problems.yaml). Where Airbyte shrugs at a key, a parameter or a type that
isn't documented, this one refuses it. What the documents leave open is as in the platform's DefinitionsController,
SourceDefinitionsHandler and PaginationMapper of August 2026.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import uvicorn
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from integration_tests.emulator.server import listen, url_of

API = "/api/public/v1"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TOKEN = "fake-access-token"


class Documented(BaseModel):
    """A part of a request: what the document names, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ApplicationTokenRequestWithGrant(Documented):
    """POST /applications/token."""

    client_id: str
    client_secret: str
    grant_type: Literal["client_credentials"]


class CreateDefinitionRequest(Documented):
    """POST /workspaces/{workspaceId}/definitions/sources."""

    name: str
    dockerRepository: str
    dockerImageTag: str
    documentationUrl: Annotated[AnyUrl, Field(strict=False)] | None = None


class UpdateDefinitionRequest(Documented):
    """PUT /workspaces/{workspaceId}/definitions/sources/{definitionId}."""

    name: str
    dockerImageTag: str


class WorkspaceParameters(Documented):
    """GET /workspaces, GET /sources and GET /connections."""

    model_config = ConfigDict(extra="forbid", strict=False)

    workspaceIds: UUID | None = None
    includeDeleted: bool = False
    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0)


class SourceCreateRequest(Documented):
    """POST /sources."""

    name: str
    workspaceId: Annotated[UUID, Field(strict=False)]
    definitionId: Annotated[UUID, Field(strict=False)]
    configuration: dict[str, Any]


class StreamParameters(Documented):
    """GET /streams."""

    model_config = ConfigDict(extra="forbid", strict=False)

    sourceId: UUID
    destinationId: UUID | None = None
    ignoreCache: bool = False


class StreamConfiguration(Documented):
    """A stream of a connection, with the one mode of the documented ones that keeps a history."""

    name: str
    syncMode: Literal["incremental_deduped_history"]


class StreamConfigurations(Documented):
    """The streams of a connection."""

    streams: list[StreamConfiguration]


class Schedule(Documented):
    """When a connection runs."""

    scheduleType: Literal["cron"]
    cronExpression: Annotated[str, Field(pattern=r"^0 [0-5]?\d ([01]?\d|2[0-3]) \* \* \?$")]


class ConnectionCreateRequest(Documented):
    """POST /connections."""

    name: str
    sourceId: Annotated[UUID, Field(strict=False)]
    destinationId: Annotated[UUID, Field(strict=False)]
    namespaceDefinition: Literal["custom_format"]
    namespaceFormat: str
    schedule: Schedule
    configurations: StreamConfigurations


Body = TypeVar("Body", bound=Documented)


class ProblemError(Exception):
    """An answer of api-problems.yaml."""

    def __init__(self, status: int, title: str, message: str) -> None:
        super().__init__(message)
        self.response = JSONResponse(
            {
                "status": status,
                "type": f"https://reference.airbyte.com/reference/errors#{title}",
                "title": title,
                "detail": f"What {title} means in general.",
                "documentationUrl": None,
                "data": {"message": message},
            },
            status,
        )


@dataclass(frozen=True)
class Definition:
    """A connector of a workspace."""

    name: str
    repository: str
    tag: str
    documentation_url: str = "https://example.com"
    id: str = field(default_factory=lambda: str(uuid4()))
    custom: bool = True

    def as_response(self) -> dict[str, str]:
        """A DefinitionResponse."""
        return {
            "id": self.id,
            "name": self.name,
            "dockerRepository": self.repository,
            "dockerImageTag": self.tag,
            "documentationUrl": self.documentation_url,
        }


@dataclass
class FakeAirbyte:
    """One workspace with connectors, and a login if there is a client."""

    workspaces: dict[str, str]
    definitions: list[Definition] = field(default_factory=list)
    client: tuple[str, str] | None = None
    missing_images: set[str] = field(default_factory=set)
    """Images that can't be pulled."""
    definitions_a_page: int | None = None
    """Airbyte sends all at once, but the document has a `next`."""
    answers: dict[str, Callable[[Request], Awaitable[Response]]] = field(default_factory=dict)
    """Answers to operations, by operationId, that come whatever was asked."""
    sources: list[dict[str, Any]] = field(default_factory=list)
    """As they were sent, with a `sourceId`."""
    connections: list[dict[str, Any]] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    """The streams of every source."""
    rows_a_page: int = 100
    """The most rows of a page of sources and connections."""
    calls: list[str] = field(default_factory=list)
    """The operations that were called, by operationId."""
    specs_read: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    def app(self) -> Starlette:
        """The documented paths."""
        one_workspace = f"{API}/workspaces/{{workspaceId}}/definitions/sources"
        return Starlette(
            routes=[
                self._route("createAccessToken", "POST", f"{API}/applications/token", self._token),
                self._route("listWorkspaces", "GET", f"{API}/workspaces", self._list_workspaces),
                self._route("listSourceDefinitions", "GET", one_workspace, self._list_definitions),
                self._route("createSourceDefinition", "POST", one_workspace, self._create),
                self._route("updateSourceDefinition", "PUT", f"{one_workspace}/{{definitionId}}", self._update),
                self._route("listSources", "GET", f"{API}/sources", self._list_sources),
                self._route("createSource", "POST", f"{API}/sources", self._create_source),
                self._route("getStreamProperties", "GET", f"{API}/streams", self._list_streams),
                self._route("listConnections", "GET", f"{API}/connections", self._list_connections),
                self._route("createConnection", "POST", f"{API}/connections", self._create_connection),
            ]
        )

    def _route(self, operation: str, method: str, path: str, answer: Callable[[Request], Awaitable[Any]]) -> Route:
        async def serve(request: Request) -> Response:
            self.calls.append(operation)
            if operation in self.answers:
                return await self.answers[operation](request)
            try:
                if operation != "createAccessToken":
                    self._require_token(request)
                return JSONResponse(await answer(request))
            except ProblemError as problem:
                return problem.response

        return Route(path, serve, methods=[method])

    def _require_token(self, request: Request) -> None:
        authorization = request.headers.get("Authorization")
        self.authorizations.append(authorization)
        if self.client and authorization != f"Bearer {TOKEN}":
            raise ProblemError(401, "invalid-api-key", "The API key in the Authorization header is invalid.")

    async def _token(self, request: Request) -> dict[str, Any]:
        asked = await _body(request, ApplicationTokenRequestWithGrant, FORM)
        if (asked.client_id, asked.client_secret) != self.client:
            raise ProblemError(401, "unauthorized", "Invalid client_id or client_secret")
        return {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 900}

    async def _list_workspaces(self, request: Request) -> dict[str, Any]:
        asked = _parameters(request, WorkspaceParameters)
        page = list(self.workspaces.items())[asked.offset : asked.offset + asked.limit]
        # The platform's own address, as its community edition has it, and a next page after every page with rows.
        following = f"http://localhost:8001/api/public/v1/workspaces?includeDeleted=false&limit={asked.limit}"
        return {
            "previous": "",
            "next": f"{following}&offset={asked.offset + asked.limit}" if page else "",
            "data": [
                {"workspaceId": one, "name": name, "dataResidency": "auto", "notifications": {}} for one, name in page
            ],
        }

    async def _list_definitions(self, request: Request) -> dict[str, Any]:
        self._require_workspace(request)
        rows = [one.as_response() for one in self.definitions]
        if self.definitions_a_page is None:
            _parameters(request, Documented)
            return {"data": rows}
        start = int(request.query_params.get("offset", "0"))
        end = start + self.definitions_a_page
        following = f"http://localhost:8001{request.url.path.removeprefix('/api')}?offset={end}"
        return {"next": following if end < len(rows) else "", "data": rows[start:end]}

    async def _create(self, request: Request) -> dict[str, Any]:
        self._require_workspace(request)
        asked = await _body(request, CreateDefinitionRequest)
        self._read_spec(asked.dockerRepository, asked.dockerImageTag)
        url = str(asked.documentationUrl or "")
        created = Definition(asked.name, asked.dockerRepository, asked.dockerImageTag, url)
        self.definitions.append(created)
        return created.as_response()

    async def _update(self, request: Request) -> dict[str, Any]:
        self._require_workspace(request)
        asked = await _body(request, UpdateDefinitionRequest)
        wanted = request.path_params["definitionId"]
        before = next((one for one in self.definitions if one.id == wanted), None)
        if before is None:
            raise ProblemError(404, "resource-not-found", "The requested resource could not be found.")
        if not before.custom:
            raise ProblemError(400, "bad-request", "Public definitions cannot be modified.")
        if asked.dockerImageTag != before.tag or asked.dockerImageTag == "dev":
            self._read_spec(before.repository, asked.dockerImageTag)
        after = Definition(asked.name, before.repository, asked.dockerImageTag, before.documentation_url, before.id)
        self.definitions[self.definitions.index(before)] = after
        return after.as_response()

    async def _list_sources(self, request: Request) -> dict[str, Any]:
        return self._page(request, [{**one, "configuration": {}} for one in self.sources])

    async def _create_source(self, request: Request) -> dict[str, Any]:
        asked = await _body(request, SourceCreateRequest)
        if str(asked.workspaceId) not in self.workspaces:
            raise ProblemError(403, "forbidden", "Caller does not have the required permissions.")
        created = {"sourceId": str(uuid4()), **asked.model_dump(mode="json")}
        self.sources.append(created)
        return {**created, "configuration": {}}

    async def _list_streams(self, request: Request) -> list[dict[str, Any]]:
        self._require_source(_parameters(request, StreamParameters).sourceId)
        modes = ["full_refresh_overwrite", "full_refresh_append", "incremental_append", "incremental_deduped_history"]
        return [{"streamName": name, "syncModes": modes} for name in self.streams]

    async def _list_connections(self, request: Request) -> dict[str, Any]:
        return self._page(request, self.connections)

    async def _create_connection(self, request: Request) -> dict[str, Any]:
        asked = await _body(request, ConnectionCreateRequest)
        self._require_source(asked.sourceId)
        unknown = {stream.name for stream in asked.configurations.streams}.difference(self.streams)
        if unknown:
            raise ProblemError(400, "bad-request", f"Invalid stream found: {unknown}")
        created = {"connectionId": str(uuid4()), **asked.model_dump(mode="json")}
        self.connections.append(created)
        return created

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
        asked = _parameters(request, WorkspaceParameters)
        if str(asked.workspaceIds) not in self.workspaces:
            raise ProblemError(403, "forbidden", "Caller does not have the required permissions.")
        return {"data": rows[asked.offset : asked.offset + min(asked.limit, self.rows_a_page)]}

    def _require_source(self, wanted: UUID) -> None:
        if str(wanted) not in [one["sourceId"] for one in self.sources]:
            raise ProblemError(404, "resource-not-found", "The requested resource could not be found.")

    def _require_workspace(self, request: Request) -> None:
        if request.path_params["workspaceId"] not in self.workspaces:
            raise ProblemError(403, "forbidden", "Caller does not have the required permissions.")

    def _read_spec(self, repository: str, tag: str) -> None:
        image = f"{repository}:{tag}"
        if image in self.missing_images:
            raise ProblemError(409, "state-conflict", "Could not fulfill request")
        self.specs_read.append(image)


async def _body(request: Request, kind: type[Body], *other_types: str) -> Body:
    """A request's body as its schema says; `other_types` are content types beside JSON."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0]
    if content_type not in (JSON, *other_types) or request.headers.get("Accept") not in (JSON, "*/*"):
        raise ProblemError(415, "unsupported-media-type", f"{content_type} is not documented here.")
    body = await request.body()
    try:
        if content_type == FORM:
            return kind.model_validate(dict(parse_qsl(body.decode(), strict_parsing=True)))
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise ProblemError(422, "unprocessable-entity", str(error)) from None


def _parameters(request: Request, kind: type[Body]) -> Body:
    try:
        return kind.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise ProblemError(400, "bad-request", str(error)) from None


class Front:
    """One address for the Airbytes of all tests, one after the other: a server ends more slowly than a test."""

    behind: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the Airbyte of the current test answer."""
        await self.behind(scope, receive, send)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an Airbyte on a free port of loopback; the address is as that of Airbyte's UI."""
    config = uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="airbyte", daemon=True)
        thread.start()
        try:
            yield url_of(listening)
        finally:
            server.should_exit = True
            thread.join(timeout=5)
