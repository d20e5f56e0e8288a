"""The few calls of Airbyte's public API that registering a connector takes, and a sentence for each way they fail.

The API is described at https://reference.airbyte.com and, as OpenAPI, in airbyte-platform's
airbyte-api/server-api/src/main/openapi/. Its definitions of sources exist since Airbyte 1.6.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
from pydantic import BaseModel, Field, ValidationError
from requests.auth import AuthBase

API = "/api/public/v1"
CONNECT_SECONDS = 10
SECONDS = 30
# Airbyte pulls the image and runs it before it answers. The ingress of abctl waits as long.
SPEC_SECONDS = 600

CLOUD_SENTENCE = (
    "Airbyte Cloud takes no custom images, so the connector can't be registered there. Use a self-managed Airbyte. If "
    "Airbyte has switched custom components on for your Cloud workspace, its Connector Builder is another way: `make "
    "builder` writes what is pasted there."
)
WHERE_CREDENTIALS_ARE = (
    "An application is made in Airbyte's User settings, Applications; for an Airbyte of abctl, `abctl local "
    "credentials` prints its client id and secret."
)
BY_HAND = "Workspace settings, Sources, New connector, Add a new Docker connector"


class RegistrationError(Exception):
    """A sentence that says what is wrong and what to do next."""


class NoAnswerError(RegistrationError):
    """Nobody answered, or not in time, or not to the end."""


class RefusedError(RegistrationError):
    """Airbyte answered with an error; the sentence says what its HTTP status means anywhere."""

    def __init__(self, status: int, said: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.said = said


@dataclass(frozen=True)
class Connector:
    """What is registered."""

    name: str
    repository: str
    tag: str
    documentation_url: str

    @property
    def image(self) -> str:
        """The image as Docker names it."""
        return f"{self.repository}:{self.tag}"


@dataclass(frozen=True)
class Access:
    """Where Airbyte is, and how to get in; an Airbyte without a login takes no client."""

    url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


class Workspace(BaseModel):
    """What the API tells of a workspace, as far as it is needed."""

    id: str = Field(alias="workspaceId")
    name: str


class Definition(BaseModel):
    """What the API tells of a connector."""

    id: str
    name: str
    repository: str = Field(alias="dockerRepository")
    tag: str = Field(alias="dockerImageTag")


class Token(BaseModel):
    """The answer to an application's client id and secret."""

    access_token: str


class ProblemData(BaseModel):
    """The part of a problem that tells the particular case."""

    message: str | None = None


class Problem(BaseModel):
    """How Airbyte words an error. Which of the fields there are differs between its parts and versions."""

    title: str | None = None
    detail: str | None = None
    message: str | None = None
    data: ProblemData | None = None


Answer = TypeVar("Answer", bound=BaseModel)
Item = TypeVar("Item", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    data: list[Item]
    next: str | None = None


class Bearer(AuthBase):
    """The token as a header. As a mere header of the session it would give way to a password in ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token to a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Airbyte:
    """An Airbyte that is signed in to, if it has a login."""

    def __init__(self, access: Access) -> None:
        self.url = access.url
        self._has_login = bool(access.client_id)
        self._secrets = [access.client_secret] if access.client_secret else []
        self._session = requests.Session()
        # What isn't encrypted goes to Airbyte alone, past any proxy that the environment names.
        self._session.trust_env = access.url.lower().startswith("https:")
        if self._has_login:
            token = self._token(access)
            self._secrets.append(token)
            self._session.auth = Bearer(token)

    def workspaces(self) -> list[Workspace]:
        """All workspaces that the application may see."""
        return self._pages(Page[Workspace], "/workspaces", {"limit": "100", "offset": "0"})

    def definitions(self, workspace: Workspace) -> list[Definition]:
        """All sources of a workspace, Airbyte's own among them."""
        return self._pages(Page[Definition], f"/workspaces/{workspace.id}/definitions/sources", {})

    def create(self, workspace: Workspace, connector: Connector) -> Definition:
        """Add the connector to a workspace."""
        body = {
            "name": connector.name,
            "dockerRepository": connector.repository,
            "dockerImageTag": connector.tag,
            "documentationUrl": connector.documentation_url,
        }
        return self._write("POST", f"/workspaces/{workspace.id}/definitions/sources", body, connector)

    def update(self, workspace: Workspace, definition: Definition, connector: Connector) -> Definition:
        """Give a definition the connector's name and tag; Airbyte lets nothing else of it be changed."""
        body = {"name": connector.name, "dockerImageTag": connector.tag}
        return self._write("PUT", f"/workspaces/{workspace.id}/definitions/sources/{definition.id}", body, connector)

    def _token(self, access: Access) -> str:
        body = {
            "client_id": access.client_id,
            "client_secret": access.client_secret,
            "grant_type": "client_credentials",
        }
        try:
            return self._call(Token, "POST", "/applications/token", body=body).access_token
        except RefusedError as refusal:
            # A wrong secret is a 400, 401 or 500, by Airbyte's version; so is any secret where there is no login.
            if refusal.status not in {400, 401, 403, 500}:
                raise
            raise RegistrationError(
                f"Airbyte gave no token for AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET (HTTP {refusal.status}). "
                f"Compare both with those of your application. {WHERE_CREDENTIALS_ARE} If your Airbyte has no login, "
                "unset both."
            ) from None

    def _pages(self, kind: type[Page[Item]], path: str, parameters: dict[str, str]) -> list[Item]:
        """Read a list to its end.

        Of the link to the next page only the parameters are used: a self-managed Airbyte puts the address at which it
        sees itself into it, such as http://localhost:8001.
        """
        items: list[Item] = []
        asked: list[dict[str, str]] = []
        while parameters not in asked:
            asked.append(parameters)
            page = self._call(kind, "GET", path, parameters=parameters)
            items += page.data
            if not page.data or not page.next:
                return items
            parameters = dict(parse_qsl(urlsplit(page.next).query))
        raise RegistrationError(
            f"Airbyte repeats a page of its list {path} without end, so the connector can't be looked up. Add it by "
            f"hand: {BY_HAND}."
        )

    def _write(self, method: str, path: str, body: dict[str, str], connector: Connector) -> Definition:
        """Write a definition, and explain what only this call can run into."""
        try:
            return self._call(Definition, method, path, body=body, seconds=SPEC_SECONDS)
        except NoAnswerError:
            said = "gave no answer"
        except RefusedError as refusal:
            if "Airbyte Cloud" in refusal.said:
                raise RegistrationError(CLOUD_SENTENCE) from None
            if refusal.status not in {409, 500, 502, 503, 504}:
                raise
            said = f"failed ({refusal.said})"
        raise RegistrationError(
            f"Airbyte {said}. It runs {connector.image} to read its spec, so see first that it can get this image: "
            "push it to a registry and name it with IMAGE=registry/name:tag, or load it into the cluster of abctl with "
            f"`kind load docker-image {connector.image} -n airbyte-abctl`. Some versions fail at this call alone "
            f"(github.com/airbytehq/airbyte/issues/68608); there, add the connector by hand: {BY_HAND}, with the "
            f"image {connector.repository} and the tag {connector.tag}."
        )

    def _call(
        self,
        kind: type[Answer],
        method: str,
        path: str,
        *,
        parameters: dict[str, str] | None = None,
        body: dict[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        try:
            response = self._session.request(
                method,
                self.url + API + path,
                params=parameters,
                json=body,
                headers={"Accept": "application/json"},
                timeout=(CONNECT_SECONDS, seconds or SECONDS),
                allow_redirects=False,  # a redirect would take the body along, and the secret in it
            )
        except requests.exceptions.SSLError:
            raise RegistrationError(
                f"There is no trusted certificate at {self.url}. If it is your company's own, set REQUESTS_CA_BUNDLE "
                "to the file of the authority that signed it; if that port has no encryption at all, use http://."
            ) from None
        except requests.exceptions.ReadTimeout:
            raise NoAnswerError(
                f"Airbyte at {self.url} did not answer within {SECONDS} seconds. Try again; if it stays so, the log of "
                "its server tells why."
            ) from None
        except requests.RequestException:
            raise NoAnswerError(
                f"Nobody answers at {self.url}. See that Airbyte runs (`abctl local status` for one of abctl), and "
                "that AIRBYTE_URL is the address at which you open it in the browser."
            ) from None
        if response.is_redirect or not response.ok:
            raise self._refusal(response)
        try:
            return kind.model_validate_json(response.content)
        except ValidationError:
            raise RegistrationError(self._not_this_api()) from None

    def _refusal(self, response: requests.Response) -> RefusedError:
        status, reason = response.status_code, self._reason(response)
        said = f"HTTP {status}: {reason}" if reason else f"HTTP {status}"
        if response.is_redirect:
            target = urlsplit(response.headers["Location"])
            elsewhere = f"{target.scheme}://{target.netloc}" if target.netloc else "another page"
            sentence = (
                f"{self.url} leads on to {elsewhere}. If that is your Airbyte's address, use it as AIRBYTE_URL; if it "
                "is a login in front of Airbyte, forward Airbyte's port to this machine and use http://localhost with "
                "that port."
            )
        elif status == 401 and self._has_login:
            sentence = (
                f"Airbyte does not accept the token that it gave for AIRBYTE_CLIENT_ID ({said}). Make a new "
                f"application and use its client id and secret. {WHERE_CREDENTIALS_ARE}"
            )
        elif status == 401:
            sentence = (
                f"Airbyte wants a login ({said}). Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET in the environment. "
                f"{WHERE_CREDENTIALS_ARE}"
            )
        elif status == 403:
            sentence = (
                f"Airbyte does not allow this ({said}). An application may do what its user may, and the user needs "
                "the role Editor or Admin in the workspace. Ask an admin for it, or use an application of somebody who "
                "has it."
            )
        elif status == 404:
            sentence = self._not_this_api()
        else:
            sentence = (
                f"Airbyte refused ({said}). If that doesn't tell what to change, the log of its server tells more, and "
                f"you can add the connector by hand: {BY_HAND}."
            )
        return RefusedError(status, said, sentence)

    def _reason(self, response: requests.Response) -> str:
        """Airbyte's words for an error, on one line and without our secrets.

        In:  `{"title": "state-conflict", "detail": "State conflict", "data": {"message": "Could not fulfill request"}}`
        Out: "Could not fulfill request"
        """
        try:
            problem = Problem.model_validate_json(response.content)
        except ValidationError:
            return ""
        words = (problem.data and problem.data.message) or problem.detail or problem.message or problem.title or ""
        for secret in self._secrets:
            words = words.replace(secret, "****")
        return " ".join(words.split())[:300].rstrip(".")

    def _not_this_api(self) -> str:
        return (
            f"{self.url} does not answer as Airbyte's API does. AIRBYTE_URL must be the address at which you open "
            "Airbyte in the browser, and Airbyte must be 1.6 or newer."
        )
