"""Findings about the bucket: all that Pressroom does with it is tried once, with a file of the doctor's own."""

import asyncio
import secrets
from urllib.parse import urlsplit

import httpx2

from actors.deps.process import Deps
from handlers.cli.common import Row
from handlers.cli.doctor.findings import IsOfNoUse, find
from infra.hosts import is_private

_TIMEOUT_S = 5.0
_DATA = b"%PDF-"


async def try_bucket(deps: Deps) -> list[Row]:
    """Put, link to, list and delete a file. Nothing else is tried where it cannot be put."""
    store, folder = deps.objects, f"orders/doctor-{secrets.token_hex(8)}/"
    key = f"{folder}probe.pdf"
    put = await find(f"s3 {store.host}/{store.bucket}", deps.objects.put(key, _DATA), says="takes a file")
    if not put["well"]:
        return [put]
    link, listed = await asyncio.gather(
        find("s3 link", _follow(deps, key)), find("s3 list", _list(deps, folder, key))
    )
    return [put, link, listed, await find("s3 delete", deps.objects.delete([key]), says="forgets it")]


async def _follow(deps: Deps, key: str) -> str:
    """Follow a link as a customer's browser does."""
    link = await deps.objects.link(key, "probe.pdf")
    host = urlsplit(link).netloc
    if is_private(link) and not is_private(deps.settings.public_url):
        raise IsOfNoUse(f"customers cannot reach {host}: S3_PUBLIC_URL must name an address that they reach")
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_S) as browser:
            answer = await browser.get(link)
    except httpx2.HTTPError as error:
        how = f"{host} is not reached ({type(error).__name__})"
        raise IsOfNoUse(f"{how}: S3_PUBLIC_URL must name an address that customers reach") from None
    if answer.status_code != httpx2.codes.OK or answer.content != _DATA:
        remedy = "AWS_DEFAULT_REGION must be the bucket's region, and a proxy must leave host and path as they are"
        raise IsOfNoUse(f"{host} answers {answer.status_code} to a customer's link: {remedy}")
    return "brings it to customers"


async def _list(deps: Deps, folder: str, key: str) -> str:
    if await deps.objects.keys(folder) != [key]:
        raise IsOfNoUse("what was just stored is not listed: forgetting a customer would leave files behind")
    return "shows what a customer's order has left there"
