"""The local S3: SeaweedFS, with one bucket and one key that may use it."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.environment import BUCKET
from infra.local.part import Part, Ready, listens
from infra.local.ports import HOST

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

#: Ports that its inner servers need among themselves, besides the one for S3.
INNER_PORTS = 7
_PROBE = "probe"


def seaweedfs_command(port: int, inner: Sequence[int]) -> list[object]:
    """Return the command of the whole server, which keeps its data in the folder that it runs in."""
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    ports = dict(zip((*names, "s3.port.grpc"), inner, strict=True))
    options = {
        "dir": ".",
        "ip": HOST,
        "ip.bind": HOST,
        **ports,
        # The memory of its one master's election would make it wait for others' votes after a kill.
        "master.resumeState": "false",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 1024,
        # A bucket takes seven at first, and a server that has none left answers InternalError.
        "volume.max": 70,
        "filer.localSocket": "filer.sock",
        "s3.port": port,
        "s3.autoCreateBucket": "false",
        "s3.config": _KEYS,
        "s3.localSocket": "s3.sock",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
    }
    binary = Path(sys.executable).parent / "weed"
    return [binary, "server", "-filer", "-s3", *(f"-{name}={value}" for name, value in options.items())]


_KEYS = "keys.json"


def keep_keys(folder: Path, env: dict[str, str]) -> None:
    """Write the server's list of keys: it takes requests that are signed with the stack's own."""
    credentials = [{"accessKey": env["AWS_ACCESS_KEY_ID"], "secretKey": env["AWS_SECRET_ACCESS_KEY"]}]
    may = ["Read", "Write", "List", "Admin"]
    keys = {"identities": [{"name": "pressroom", "credentials": credentials, "actions": may}]}
    folder.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / _KEYS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(keys))


def remove_sockets(inner: Sequence[int]) -> None:
    """Remove the sockets that a killed server leaves in /tmp, where it opens one for each of its ports."""
    for port in inner:
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108  # its own choice
            socket.unlink(missing_ok=True)


def s3_client(env: Mapping[str, str], config: Config | None = None) -> "S3Client":
    """Return a client of the local S3, by the stack's settings."""
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        region_name=env["AWS_DEFAULT_REGION"],
        config=config,
    )


def bucket_ready(env: dict[str, str]) -> Ready:
    """Return a probe: ready once the bucket is there, and takes an object."""

    def probe(part: Part) -> bool:
        if not listens(part):
            return False
        s3 = s3_client(env, Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}))
        try:
            with suppress(s3.exceptions.BucketAlreadyExists, s3.exceptions.BucketAlreadyOwnedByYou):
                s3.create_bucket(Bucket=BUCKET)
            # It lists buckets before the volumes are there in which their objects are.
            s3.put_object(Bucket=BUCKET, Key=_PROBE, Body=b"ready")
            s3.delete_object(Bucket=BUCKET, Key=_PROBE)
        except (BotoCoreError, ClientError):
            return False
        finally:
            s3.close()
        return True

    return probe
