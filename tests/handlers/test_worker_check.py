"""What a platform's probe of a worker hears."""

from datetime import UTC, datetime, timedelta

from tests.pressroom import Pressroom


def test_a_worker_is_alive_while_its_heart_beats_on_this_machine(front_door: Pressroom) -> None:
    """Another machine's worker, another queue's and a still heart do not count."""
    assert "No worker of bundle" in front_door.cli("workers", "check", "bundle", code=1)
    front_door.start("worker", "bundle")
    assert front_door.cli("workers", "check", "bundle").startswith("alive")
    assert "No worker of life_clarity" in front_door.cli("workers", "check", "life_clarity", code=1)
    (worker,) = front_door.db.workers.find()
    front_door.part("worker-bundle").kill()
    front_door.db.workers.insert_one({**worker, "_id": "elsewhere", "host": "elsewhere.example"})
    then = datetime.now(UTC) - timedelta(seconds=31)
    front_door.db.workers.update_one({"_id": worker["_id"]}, {"$set": {"beat_at": then}})
    assert "for 30 s" in front_door.cli("workers", "check", "bundle", code=1)
    front_door.db.workers.delete_many({})


def test_nobody_is_restarted_while_the_database_is_away(front_door: Pressroom) -> None:
    """Whether a worker lives cannot be known then, and a restart would cut its calls for nothing."""
    away = "mongodb://127.0.0.1:9/pressroom?replicaSet=rs0"
    front_door.env, kept = {**front_door.env, "MONGODB_URL": away}, front_door.env
    said = front_door.cli("workers", "check", "bundle")
    front_door.env = kept
    assert said.startswith("unknown")
