"""Make a source and a connection in Airbyte for each TikTok account of a list.

`python -m examples.connections plan.json`, where plan.json is

    {"airbyte_url": "https://airbyte.example.com", "workspace_id": "…", "definition_id": "…", "destination_id": "…",
     "credentials": {"client_id": "App ID of your TikTok app", "client_secret": "its Secret"},
     "accounts": [{"name": "harbour_coffee", "refresh_token": "rft.…"}]}

Airbyte's own client id and secret are read from AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET. Accounts that have a
source already are left alone: their refresh token has been replaced since. The API is described at
https://reference.airbyte.com.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

SECONDS = 300  # Airbyte runs the connector's `discover` when it is asked for the streams.
# Comments cost a call for each post.
LEFT_OUT = {"videos_comments", "videos_comments_replies"}
# Without a mode Airbyte takes Full refresh | Overwrite, which would throw the history away at each sync.
SYNC_MODE = "incremental_deduped_history"


@dataclass(frozen=True)
class Airbyte:
    """The calls of Airbyte's public API that this takes."""

    api: str
    session: requests.Session

    @classmethod
    def signed_in(cls, url: str, client_id: str, client_secret: str) -> "Airbyte":
        """Exchange an application's id and secret for a token."""
        airbyte = cls(f"{url.rstrip('/')}/api/public/v1", requests.Session())
        grant = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        token = airbyte.post("applications/token", grant)["access_token"]
        airbyte.session.headers["Authorization"] = f"Bearer {token}"
        return airbyte

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make something; Airbyte's words are shown where it refuses."""
        answer: dict[str, Any] = self._answer(self.session.post(f"{self.api}/{path}", json=body, timeout=SECONDS))
        return answer

    def stream_names(self, source_id: str, destination_id: str) -> list[str]:
        """The streams that a source has."""
        pair = {"sourceId": source_id, "destinationId": destination_id}
        streams = self._answer(self.session.get(f"{self.api}/streams", params=pair, timeout=SECONDS))
        return [stream["streamName"] for stream in streams]

    def source_names(self, workspace_id: str) -> Iterator[str]:
        """The names of all sources of a workspace."""
        offset = 0
        while True:
            wanted: dict[str, str | int] = {"workspaceIds": workspace_id, "limit": 100, "offset": offset}
            page = self._answer(self.session.get(f"{self.api}/sources", params=wanted, timeout=SECONDS))["data"]
            yield from (source["name"] for source in page)
            if not page:
                return
            offset += len(page)

    def _answer(self, response: requests.Response) -> Any:
        if not response.ok:
            sys.exit(
                f"Airbyte refused {response.request.path_url} (HTTP {response.status_code}): {response.text[:500]}"
            )
        return response.json()


def source_of(plan: dict[str, Any], account: dict[str, str]) -> dict[str, Any]:
    """What Airbyte is told of an account.

    In:  the plan, and `{"name": "harbour_coffee", "refresh_token": "rft.1"}`
    Out: `{"name": "TikTok harbour_coffee", "workspaceId": "…", "definitionId": "…", "configuration": {…}}`
    """
    credentials = {"auth_type": "business_oauth", **plan["credentials"], "refresh_token": account["refresh_token"]}
    return {
        "name": f"TikTok {account['name']}",
        "workspaceId": plan["workspace_id"],
        "definitionId": plan["definition_id"],
        "configuration": {"credentials": credentials},
    }


def connection_of(
    plan: dict[str, Any], account: dict[str, str], source_id: str, streams: list[str], number: int
) -> dict[str, Any]:
    """A daily connection with tables of its own; each begins five minutes after the one before, from 3 o'clock (UTC).

    In:  the plan, `{"name": "harbour_coffee", …}`, a source's id, its streams, and 13
    Out: `{"name": "TikTok harbour_coffee", "schedule": {"scheduleType": "cron", "cronExpression": "0 5 4 * * ?"}, …}`
    """
    hours, minutes = divmod(5 * number, 60)
    return {
        "name": f"TikTok {account['name']}",
        "sourceId": source_id,
        "destinationId": plan["destination_id"],
        "namespaceDefinition": "custom_format",
        "namespaceFormat": f"tiktok_{account['name']}",
        "schedule": {"scheduleType": "cron", "cronExpression": f"0 {minutes} {(3 + hours) % 24} * * ?"},
        "configurations": {"streams": [{"name": stream, "syncMode": SYNC_MODE} for stream in streams]},
    }


def from_environment(name: str) -> str:
    """A setting of Airbyte's application, or the end with what to do about it."""
    value = os.environ.get(f"AIRBYTE_{name}")
    return value or sys.exit(f"Set AIRBYTE_{name} to that of an application: Airbyte's User settings, Applications.")


def main() -> None:
    """Make what is missing."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    airbyte = Airbyte.signed_in(plan["airbyte_url"], from_environment("CLIENT_ID"), from_environment("CLIENT_SECRET"))
    there = set(airbyte.source_names(plan["workspace_id"]))
    for number, account in enumerate(plan["accounts"]):
        source = source_of(plan, account)
        if source["name"] in there:
            print(f"{source['name']} is there already")
            continue
        source_id = airbyte.post("sources", source)["sourceId"]
        found = airbyte.stream_names(source_id, plan["destination_id"])
        streams = [stream for stream in found if stream not in LEFT_OUT]
        airbyte.post("connections", connection_of(plan, account, source_id, streams, number))
        print(f"Made {source['name']}")


if __name__ == "__main__":
    main()
