"""Cover pictures of posts, as files."""

import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import requests
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.pagination import WindowFilter
from source_tiktok_organic.components.sync import sync_of


@dataclass(kw_only=True)
class PostsWithCover(WindowFilter):
    """Lets the posts of the slice through whose cover can be had, with the path of its file. Others cost a warning.

    In:  names `["business_id", "item_id"]`, a record `{"business_id": "-000abc", "item_id": "7", "thumbnail_url":
         "https://…", …}`, and an address that answers with an `image/webp`
    Out: the record with `"file_path": "videos_covers/-000abc/7.webp"`

    The CDK's file transfer names a file before it asks for it, and only the response tells its ending. So the picture
    is asked for here, and LoadedCover hands it to the file transfer: a record is written before the next is looked at.
    """

    parameters: InitVar[Mapping[str, Any]]
    requester: Any
    address: str
    names: list[str]
    _stream: str = field(init=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        super().__post_init__(parameters)
        self._stream = parameters["name"]

    def kept(self, records: Iterable[Mapping[str, Any]], stream_slice: StreamSlice) -> Iterator[Mapping[str, Any]]:
        """The records with a file."""
        for record in super().kept(records, stream_slice):
            try:
                ending = self._load(record.get(self.address))
            except AirbyteTracedException as failure:
                sync_of(self.api_budget).log.odd(
                    f"posts without a cover in `{self._stream}`",
                    f"The cover of the post {record[self.names[-1]]} could not be had ({failure.message}) The post is "
                    f"left out of `{self._stream}`.",
                )
                continue
            # An id can't lead out of the folder.
            path = "/".join(re.sub("[^A-Za-z0-9_-]", "_", str(record[name])) for name in self.names)
            yield {**record, "file_path": f"{self._stream}/{path}{ending}"}

    def _load(self, address: Any) -> str:
        """The file ending of the picture at this address, which is kept for LoadedCover."""
        if not address:
            raise AirbyteTracedException(message="TikTok sent no address.")
        stream_slice = StreamSlice(partition={}, cursor_slice={}, extra_fields={"download_target": address})
        response: requests.Response = self.requester.send_request(stream_slice=stream_slice)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not kind.startswith("image/") or not response.content:
            raise AirbyteTracedException(message=f"The address has {kind or 'something'} and no picture.")
        sync_of(self.api_budget).thread.cover = response
        return mimetypes.guess_extension(kind, strict=False) or f".{re.sub('[^a-z0-9]', '', kind[6:])}"


@dataclass
class LoadedCover:
    """Hands the CDK's file transfer the picture that PostsWithCover has asked for in this thread."""

    api_budget: APIBudget

    def send_request(self, **_: Any) -> requests.Response:
        """The response with the picture."""
        response: requests.Response = sync_of(self.api_budget).thread.cover
        return response
