"""MongoDB, Redis and S3, through the clients that Pressroom uses."""

import pymongo
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError
from pymongo.errors import DuplicateKeyError

from infra.local.seaweedfs import s3_client
from infra.local.stack import Stack


def test_mongodb_acknowledges_majority_writes_and_survives_a_kill(stack: Stack) -> None:
    """A write that was acknowledged is there after `kill -9` and a restart on the same port."""
    url = stack.env["MONGODB_URL"]
    with pymongo.MongoClient[dict[str, object]](url) as client:
        orders = client.get_default_database()["survivors"]
        assert orders.insert_one({"_id": "a"}).acknowledged
        stack.part("mongodb").kill()
        stack.part("mongodb").start()
        with pytest.raises(DuplicateKeyError):
            orders.insert_one({"_id": "a"})


def test_redis_keeps_what_it_holds_over_a_kill_and_evicts_nothing(stack: Stack) -> None:
    """The append-only file is on, and memory pressure is an error rather than a loss."""
    with redis.Redis.from_url(stack.env["REDIS_URL"], decode_responses=True) as client:
        client.rpush("queue", "order")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        stack.part("redis").kill()
        stack.part("redis").start()
        assert client.lrange("queue", 0, -1) == ["order"]


def test_s3_keeps_what_it_holds_over_a_kill_and_wants_signatures(stack: Stack) -> None:
    """An object is there after a restart; without the right key nobody gets it, and no bucket makes itself."""
    env = stack.env
    twice = Config(retries={"total_max_attempts": 2})
    ours, theirs = s3_client(env, twice), s3_client({**env, "AWS_SECRET_ACCESS_KEY": "another"}, twice)
    ours.put_object(Bucket=env["S3_BUCKET"], Key="orders/1/a.pdf", Body=b"%PDF")
    stack.part("s3").kill()
    stack.part("s3").start()
    assert ours.get_object(Bucket=env["S3_BUCKET"], Key="orders/1/a.pdf")["Body"].read() == b"%PDF"
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        theirs.get_object(Bucket=env["S3_BUCKET"], Key="orders/1/a.pdf")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ours.put_object(Bucket="elsewhere", Key="a", Body=b"")
