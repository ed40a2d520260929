"""Object store: chunks and finished PDFs in S3, under names that the contract fixes."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import AccountTrouble, PermanentError, SettingsError, TransientError
from storage.s3_refusals import code_of, refusal, status_of, why_refused

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Answer = TypeVar("Answer")

_MISSING = {"404", "NoSuchKey", "NotFound"}
#: Threads of its own: sending messages takes threads as well, and a hanging S3 must not hold it up.
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="s3")
#: How much of an object is in memory while it is fetched.
_PART_BYTES = 1024 * 1024
#: Seconds for which a presigned download link works. Each click makes a fresh one.
LINK_LIFE_S = 300
#: An empty object that is put once, and stays. It shows whether we may read.
_WITNESS = "orders/witness"


class StoreIsDown(TransientError):
    """S3 did not answer, or its answer made no sense."""


class StoreRefusesUs(AccountTrouble):
    """S3 refuses what we ask, by its account, its bucket, our credentials or a setting."""

    def __init__(self, message: str) -> None:
        super().__init__(message, server="s3")


class StoreHidesObject(StoreRefusesUs):
    """S3 does not say whether an object is there: without s3:ListBucket a missing one looks forbidden."""


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

    def __init__(
        self,
        bucket: str,
        endpoint: str | None = None,
        *,
        public: str | None = None,
        region: str | None = None,
        patience_s: float | None = None,
    ) -> None:
        """Take the bucket. `public` is the address for links, if customers do not reach `endpoint`.

        Credentials, and the region if none is given, come from the environment, as boto3 reads them. With
        `patience_s` there is one try, which waits so many seconds for an answer. SettingsError if boto3 cannot use
        the environment.
        """
        self.bucket = bucket
        try:
            self._s3 = _client(endpoint, region, patience_s)
            self._signer = _client(public, region, patience_s) if public else self._s3
        except (BotoCoreError, ValueError) as error:
            settings = "AWS_DEFAULT_REGION, AWS_PROFILE or another setting of S3"
            raise SettingsError(f"{settings} cannot be used: {type(error).__name__}.") from None
        self.host = urlsplit(self._s3.meta.endpoint_url).netloc

    async def ping(self) -> None:
        """Return if the bucket can be reached. StoreRefusesUs if there is none."""
        try:
            await _in_thread(lambda: self._s3.head_bucket(Bucket=self.bucket))
        except ObjectDoesNotExist:
            raise StoreRefusesUs(refusal("NoSuchBucket")) from None

    async def exists(self, key: str) -> bool:
        """Return whether S3 has an object under that key. StoreRefusesUs if we may not know."""
        try:
            await self._head(key)
        except ObjectDoesNotExist:
            await self.ping()  # a HEAD does not say whether the object is missing, or its bucket
            return False
        except StoreHidesObject:
            await self._expect_readable()
            return False
        return True

    async def facts(self, key: str) -> dict[str, str] | None:
        """Return the facts that were stored with an object. None if there is none, or S3 hides it."""
        try:
            return await self._head(key)
        except (ObjectDoesNotExist, StoreHidesObject):
            return None

    async def _head(self, key: str) -> dict[str, str]:
        def head() -> dict[str, str]:
            try:
                return self._s3.head_object(Bucket=self.bucket, Key=key)["Metadata"]
            except ClientError as error:
                if status_of(error) == HTTPStatus.FORBIDDEN:
                    raise StoreHidesObject(why_refused(error) or "") from error
                raise

        return await _in_thread(head)

    async def _expect_readable(self) -> None:
        """Return if S3 lets us read what is there, so that a forbidden object is a missing one."""
        if await self.facts(_WITNESS) is None:
            await self.put(_WITNESS, b"")
            await self._head(_WITNESS)

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

    async def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin so. Needs permission to list the bucket."""

        def ask() -> list[str]:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [one["Key"] for page in pages for one in page.get("Contents", [])]

        return await _in_thread(ask)

    async def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, those of them that are there.

        One by one: stores disagree on the checksum that a request for many needs.
        """

        def delete() -> None:
            for key in keys:
                self._s3.delete_object(Bucket=self.bucket, Key=key)

        await _in_thread(delete)

    async def fetch_file(self, key: str, path: Path) -> None:
        """Copy an object into a file. ObjectDoesNotExist if there is none. An error leaves the file unfinished."""

        def fetch() -> None:
            # `download_file` would start three thread pools for each file. They cost more than all the rest.
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
            with closing(answer["Body"]) as body, path.open("wb") as file:
                file.writelines(body.iter_chunks(_PART_BYTES))

        try:
            await _in_thread(fetch)
        except StoreRefusesUs:
            if not await self.exists(key):
                raise ObjectDoesNotExist("S3 has no object under that key.") from None
            raise

    async def link(self, key: str, file_name: str) -> str:
        """Return a public URL that downloads the object under a proper file name, for LINK_LIFE_S seconds."""
        parameters = {"Bucket": self.bucket, "Key": key, "ResponseContentDisposition": attachment(file_name)}
        return await _in_thread(
            lambda: self._signer.generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_LIFE_S)
        )


def _client(endpoint: str | None, region: str | None, patience_s: float | None) -> "S3Client":
    config = Config(
        connect_timeout=3,
        read_timeout=patience_s or 30,
        retries={"total_max_attempts": 1 if patience_s else 3, "mode": "standard"},
        signature_version="s3v4",
        # Not every store knows the checksums that botocore lets trail behind chunks. The signature covers the
        # content as well.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # botocore's user agent and its checks of our types, anew each time, are a fifth of a request's cost.
        parameter_validation=False,
        user_agent="pressroom",
        # Links to Amazon's global host, botocore's default, fail for regions that were opened after 2019, and for
        # young buckets of others.
        s3=None if endpoint else {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    )
    client: S3Client = boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)
    return client


def attachment(file_name: str) -> str:
    """Return a Content-Disposition that names the file in any script (RFC 6266), and in ASCII for old programs."""
    plain = "".join(one if one.isascii() and one.isprintable() and one not in '"\\%' else "_" for one in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


async def _in_thread(call: Callable[[], Answer]) -> Answer:
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREADS, call)
    except ClientError as error:
        code = code_of(error)
        if code in _MISSING:
            raise ObjectDoesNotExist("S3 has no object under that key.") from error
        raise _translated(error, f"S3 answered {code}.") from error
    except (BotoCoreError, OSError) as error:
        raise _translated(error, f"S3 was not reached: {type(error).__name__}.") from error


def _translated(error: Exception, outage: str) -> TransientError:
    refusal = why_refused(error)
    return StoreRefusesUs(refusal) if refusal else StoreIsDown(outage)
