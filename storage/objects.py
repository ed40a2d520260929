"""Object store: chunks and finished PDFs in S3, under names that the contract fixes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

Answer = TypeVar("Answer")

_MISSING = {"404", "NoSuchKey", "NotFound"}
_OURS = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "400"}
#: Threads of its own: sending messages takes threads as well, and a hanging S3 must not hold it up.
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="s3")
#: How much of an object is in memory while it is fetched.
_PART_BYTES = 1024 * 1024
#: Seconds for which a presigned download link works. Each click makes a fresh one.
LINK_LIFE_S = 300


class StoreIsDown(TransientError):
    """S3 did not answer, or its answer made no sense."""


class StoreRefusesUs(TransientError):
    """S3 says that the bucket or our credentials are wrong. The work waits until a person mends that."""


class ObjectDoesNotExist(PermanentError):
    """S3 has no object under that key."""


def pdf_key(order: str, product: str) -> str:
    """Return the contract's name of a finished PDF."""
    return f"orders/{order}/{product}.pdf"


def book_key(order: str, product: str, sha256: str) -> str:
    """Return the name of a finished PDF by content. The record names it, since no late writer can change it."""
    return f"orders/{order}/{product}/{sha256}.pdf"


def chunk_key(order: str, product: str, digest: str) -> str:
    """Return the name of a chunk by content."""
    return f"orders/{order}/{product}/chunks/{digest}.pdf"


class ObjectStore:
    """One bucket. boto3 blocks, so each call runs in a thread. Each has a timeout and two retries."""

    def __init__(self, bucket: str, endpoint: str | None = None) -> None:
        """Take the bucket. Credentials and region come from the environment, as boto3 reads them."""
        self.bucket = bucket
        config = Config(
            connect_timeout=3,
            read_timeout=30,
            retries={"total_max_attempts": 3, "mode": "standard"},
            signature_version="s3v4",
            # botocore's user agent and its checks of our types, anew each time, are a fifth of a request's cost.
            parameter_validation=False,
            user_agent="pressroom",
        )
        self._s3: S3Client = boto3.client("s3", endpoint_url=endpoint, config=config)
        self.host = urlsplit(self._s3.meta.endpoint_url).netloc

    async def ping(self) -> None:
        """Return if the bucket can be reached."""
        await _in_thread(lambda: self._s3.head_bucket(Bucket=self.bucket))

    async def exists(self, key: str) -> bool:
        """Return whether S3 has an object under that key."""
        return await self.facts(key) is not None

    async def facts(self, key: str) -> dict[str, str] | None:
        """Return the facts that were stored with an object, or None if there is no object."""
        try:
            answer = await _in_thread(lambda: self._s3.head_object(Bucket=self.bucket, Key=key))
        except ObjectDoesNotExist:
            return None
        return answer["Metadata"]

    async def put(self, key: str, data: bytes | BinaryIO, **facts: str) -> None:
        """Store a PDF, with facts about it (in ASCII)."""
        await _in_thread(
            lambda: self._s3.put_object(
                Bucket=self.bucket, Key=key, Body=data, ContentType="application/pdf", Metadata=facts
            )
        )

    async def put_file(self, key: str, path: Path) -> None:
        """Store a PDF from a file, which need not fit into memory."""
        with path.open("rb") as file:
            await self.put(key, file)

    async def copy(self, source: str, key: str) -> None:
        """Store an object under a second name, without moving its bytes through us."""
        await _in_thread(
            lambda: self._s3.copy_object(
                Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": source}
            )
        )

    async def delete_all(self, prefix: str) -> None:
        """Remove every object whose key begins so. Needs permission to list the bucket and to delete."""

        def delete() -> None:
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                keys: list[ObjectIdentifierTypeDef] = [{"Key": one["Key"]} for one in page.get("Contents", [])]
                if keys and self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys}).get("Errors"):
                    raise StoreRefusesUs("S3 kept objects that were to be deleted.")

        await _in_thread(delete)

    async def fetch_file(self, key: str, path: Path) -> None:
        """Copy an object into a file. ObjectDoesNotExist if there is none. An error leaves the file unfinished."""

        def fetch() -> None:
            # `download_file` would start three thread pools for each file. They cost more than all the rest.
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
            with closing(answer["Body"]) as body, path.open("wb") as file:
                file.writelines(body.iter_chunks(_PART_BYTES))

        await _in_thread(fetch)

    async def link(self, key: str, file_name: str) -> str:
        """Return a URL that downloads the object under a proper file name, for LINK_LIFE_S seconds."""
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentDisposition": _attachment(file_name),
        }
        return await _in_thread(
            lambda: self._s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_LIFE_S)
        )


def _attachment(file_name: str) -> str:
    """Return a Content-Disposition that names the file in any script (RFC 6266), and in ASCII for old programs."""
    plain = "".join(one if one.isascii() and one.isprintable() and one not in '"\\%' else "_" for one in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


async def _in_thread(call: Callable[[], Answer]) -> Answer:
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, call)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise ObjectDoesNotExist("S3 has no object under that key.") from error
        if code in _OURS:
            raise StoreRefusesUs(f"S3 refused us: {code}.") from error
        raise StoreIsDown(f"S3 answered {code}.") from error
    except (BotoCoreError, OSError) as error:
        raise StoreIsDown(f"S3 was not reached: {type(error).__name__}.") from error
