"""Findings about the bucket: all that Pressroom does with it is tried once, with a file of the doctor's own."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.errors import PermanentError, TransientError
from infra.hosts import is_private

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from actors.deps.process import Deps
    from handlers.cli.common import Row

_DEADLINE_S = 5.0
_DATA = b"%PDF-"


class BucketIsOfNoUse(PermanentError):
    """The bucket answers, and Pressroom cannot work with the answer. The text says what to do."""


async def try_bucket(deps: Deps) -> list[Row]:
    """Put, link to, list and delete a file. Nothing else is tried where it cannot be put."""
    store, folder = deps.objects, f"orders/doctor-{secrets.token_hex(8)}/"
    key = f"{folder}probe.pdf"
    put = await _finding(f"s3 {store.host}/{store.bucket}", store.put(key, _DATA), "takes a file")
    if not put["well"]:
        return [put]
    return [
        put,
        await _finding("s3 link", _follow(deps, key), "brings it to customers"),
        await _finding("s3 list", _list(deps, folder, key), "shows what a customer's order has left there"),
        await _finding("s3 delete", store.delete([key]), "forgets it"),
    ]


async def _finding(server: str, trial: Awaitable[None], well: str) -> Row:
    try:
        await asyncio.wait_for(trial, _DEADLINE_S)
    except TimeoutError:
        told = f"no answer within {_DEADLINE_S:g} s: may this machine connect to it, and is its address right?"
    except (PermanentError, TransientError) as error:
        told = str(error)
    else:
        return {"server": server, "well": True, "finding": well}
    return {"server": server, "well": False, "finding": told}


async def _follow(deps: Deps, key: str) -> None:
    """Follow a link as a customer's browser does."""
    import httpx2

    link = await deps.objects.link(key, "probe.pdf")
    host = urlsplit(link).netloc
    if is_private(link) and not is_private(deps.settings.public_url):
        raise BucketIsOfNoUse(f"customers cannot reach {host}: S3_PUBLIC_URL must name an address that they reach")
    try:
        async with httpx2.AsyncClient(timeout=_DEADLINE_S) as browser:
            answer = await browser.get(link)
    except httpx2.HTTPError as error:
        how = f"{host} is not reached ({type(error).__name__})"
        raise BucketIsOfNoUse(f"{how}: S3_PUBLIC_URL must name an address that customers reach") from None
    if answer.status_code != httpx2.codes.OK or answer.content != _DATA:
        remedy = "AWS_DEFAULT_REGION must be the bucket's region, and a proxy must leave host and path as they are"
        raise BucketIsOfNoUse(f"{host} answers {answer.status_code} to a customer's link: {remedy}")


async def _list(deps: Deps, folder: str, key: str) -> None:
    if await deps.objects.keys(folder) != [key]:
        raise BucketIsOfNoUse("what was just stored is not listed: forgetting a customer would leave files behind")
