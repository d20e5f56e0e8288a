"""Create the connector in your Airbyte as a custom connector, or bring the one that is there to this version.

Run it with `make register AIRBYTE_URL=http://localhost:8000`; README.md, "In your Airbyte", has the other settings.
All of them are environment variables, so that no secret stands in the list of processes.
"""

import ipaddress
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from tools.airbyte_api import (
    CLOUD_SENTENCE,
    WHERE_CREDENTIALS_ARE,
    Access,
    Airbyte,
    Connector,
    Definition,
    RegistrationError,
    Workspace,
)

METADATA = Path(__file__).parents[1] / "metadata.yaml"
CLOUD = {"cloud.airbyte.com", "api.airbyte.com"}
# Airbyte reads the spec of a tag once; only that of this one it reads again at every update.
DEV_TAG = "dev"


def documentation_of(environment: Mapping[str, str], remote: str) -> str:
    """The address to which Airbyte's form links, or "" if none is known: DOCUMENTATION_URL, or the repository's page.

    In:  `{}`, "git@github.com:me/source-tiktok-organic.git"
    Out: "https://github.com/me/source-tiktok-organic"

    A password in the remote's address is left out.
    """
    wanted = environment.get("DOCUMENTATION_URL", "").strip()
    if wanted and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", wanted):
        raise RegistrationError("DOCUMENTATION_URL must be an address that begins with http:// or https://.")
    parts = re.fullmatch(
        r"(?:https?://|ssh://|git@)(?:[^@/]*@)?([\w.-]+)(?::\d+)?[:/](.+?)(?:\.git)?/?", remote.strip()
    )
    return wanted or (f"https://{parts[1]}/{parts[2]}" if parts else "")


def remote_of_this_repository() -> str:
    """The address of the git remote `origin`, or "" where there is none."""
    command = ["git", "-C", str(METADATA.parent), "remote", "get-url", "origin"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def connector_of(metadata: Mapping[str, str], image: str, documentation: str = "") -> Connector:
    """What to register, from the `data` of metadata.yaml; IMAGE names a copy of the image elsewhere.

    In:  `{"name": "TikTok Organic", "dockerRepository": "source-tiktok-organic", …}`, "ghcr.io/me/tiktok:0.2.0", and
         the address of its documentation if it is another than that of metadata.yaml
    Out: the connector TikTok Organic with the repository "ghcr.io/me/tiktok" and the tag "0.2.0"
    """
    repository, tag = metadata["dockerRepository"], metadata["dockerImageTag"]
    if image:
        # The part before the first slash may have a port, so the tag is what follows a colon after the last slash.
        parts = re.fullmatch(r"((?:[^\s@]*/)?[^\s@:/]+):([\w.-]+)", image)
        if parts is None:
            raise RegistrationError(
                f"IMAGE is '{image}', but it must be a repository and a tag, such as "
                f"registry.example.com/{repository}:{tag}. Airbyte takes neither a digest nor an image without a tag."
            )
        repository, tag = parts.groups()
    return Connector(metadata["name"], repository, tag, documentation or metadata["documentationUrl"])


def access_of(environment: Mapping[str, str]) -> Access:
    """Where to go and as whom. What would expose a secret is refused before any call is made.

    In:  `{"AIRBYTE_URL": "http://localhost:8000/api/public/v1"}`
    Out: the access `http://localhost:8000`, without a client
    """
    url = environment.get("AIRBYTE_URL", "").strip()
    client_id, client_secret = environment.get("AIRBYTE_CLIENT_ID", ""), environment.get("AIRBYTE_CLIENT_SECRET", "")
    if not url:
        raise RegistrationError(
            "AIRBYTE_URL is missing. Name the address at which you open Airbyte in the browser: "
            "make register AIRBYTE_URL=http://localhost:8000"
        )
    parts = re.fullmatch(
        r"(?P<base>(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?(?:/[a-z0-9._~/-]*?)??)"
        r"(?:/api/public(?:/v1)?)?/*",
        url,
        re.IGNORECASE,
    )
    if parts is None:
        # It isn't repeated, because it may contain a password.
        raise RegistrationError(
            "AIRBYTE_URL must be the address at which you open Airbyte in the browser, such as http://localhost:8000 "
            "or https://airbyte.example.com: with http:// or https://, without a user, a password or a question mark."
        )
    host = parts["host"].lower().strip("[]")
    if host in CLOUD:
        raise RegistrationError(CLOUD_SENTENCE)
    if bool(client_id) != bool(client_secret):
        missing = "AIRBYTE_CLIENT_SECRET" if client_id else "AIRBYTE_CLIENT_ID"
        raise RegistrationError(
            f"{missing} is missing. Set both AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET in the environment, or "
            f"neither if your Airbyte has no login. {WHERE_CREDENTIALS_ARE}"
        )
    if client_secret and parts["scheme"].lower() == "http" and not is_loopback(host):
        raise RegistrationError(
            "AIRBYTE_URL begins with http://, so the client secret would cross the network for everybody to read. Use "
            "https://, or forward Airbyte's port to this machine (kubectl port-forward, ssh -L) and use "
            "http://localhost with that port."
        )
    return Access(parts["base"], client_id, client_secret)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def chosen(workspaces: list[Workspace], wanted: str) -> Workspace:
    """The workspace with the wanted id, or the only one there is."""
    matching = [one for one in workspaces if one.id == wanted.lower()] if wanted else workspaces
    if len(matching) == 1:
        return matching[0]
    if not workspaces:
        raise RegistrationError(
            "Airbyte shows no workspace. Open it in the browser once and finish its set-up, or ask an admin to add the "
            "user of this application to a workspace."
        )
    problem = f"There is no workspace {wanted}" if wanted else "Airbyte has several workspaces"
    listed = ", ".join(f"{one.id} ({one.name})" for one in workspaces)
    raise RegistrationError(f"{problem}. Set AIRBYTE_WORKSPACE to the id of one of these: {listed}.")


def registered(definitions: list[Definition], connector: Connector) -> Definition | None:
    """The definition of this connector's image, if there is one.

    Its name doesn't count: Airbyte lets several connectors have the same, and can't give a definition another image.
    """
    same = [one for one in definitions if one.repository == connector.repository]
    if len(same) > 1:
        # Sources stay with their definition, so only their owner knows which of them is in use.
        listed = " and ".join(f"{one.id} ({one.name} {one.tag})" for one in same)
        raise RegistrationError(
            f"The image {connector.repository} is registered more than once: {listed}. Change the version of the one "
            "you use in Airbyte's Workspace settings, Sources, or delete the others there first; deleting a connector "
            "deletes its sources and connections too."
        )
    return same[0] if same else None


def register(airbyte: Airbyte, connector: Connector, wanted_workspace: str) -> None:
    """Create or update the connector and print what was done."""
    workspace = chosen(airbyte.workspaces(), wanted_workspace)
    definitions = airbyte.definitions(workspace)
    before = registered(definitions, connector)
    current = (connector.name, connector.tag)
    where = f"in the workspace {workspace.name}"
    if before and (before.name, before.tag) == current and connector.tag != DEV_TAG:
        after = before
        print(f"{after.name} {after.tag} is already up to date {where} (definition {after.id}).")
    else:
        print(f"Airbyte runs {connector.image} to read its spec, which can take some minutes …", flush=True)
        if before:
            after = airbyte.update(workspace, before, connector)
            print(f"Updated {before.name} {before.tag} to {after.name} {after.tag} {where} (definition {after.id}).")
        else:
            after = airbyte.create(workspace, connector)
            print(f"Created {after.name} {after.tag} {where} (definition {after.id}).")
    for other in definitions:
        if other.name == connector.name and other.repository != connector.repository:
            print(
                f"There is another {other.name}, with the image {other.repository}:{other.tag} "
                f"(definition {other.id}); its sources stay with it."
            )
    page = f"{airbyte.url}/workspaces/{workspace.id}/source/new-source/{after.id}"
    print(f"Next, add a source: Sources, New source, {after.name}; or directly at {page}")


def main(environment: Mapping[str, str]) -> int:
    """Run the command; the result is its exit code."""
    try:
        metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["data"]
        documentation = documentation_of(environment, remote_of_this_repository())
        connector = connector_of(metadata, environment.get("IMAGE", "").strip(), documentation)
        airbyte = Airbyte(access_of(environment))
        register(airbyte, connector, environment.get("AIRBYTE_WORKSPACE", "").strip())
    except RegistrationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
