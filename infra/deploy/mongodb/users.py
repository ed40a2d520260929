"""`ADMIN_URL=… python infra/deploy/mongodb/users.py SUFFIX`: MongoDB's roles for Pressroom, and a user with each.

ADMIN_URL is an administrator's, and names Pressroom's database: mongodb://admin:…@host/pressroom?authSource=admin.
The roles of roles.json are made, or made anew if they are there. `--drop` removes the users of a suffix instead.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import click
from pymongo import MongoClient
from pymongo.database import Database

ROLES = Path(__file__).parent / "roles.json"


@click.command()
@click.argument("suffix")
@click.option("--drop", is_flag=True, help="Remove the users of that suffix.")
def main(suffix: str, *, drop: bool) -> None:
    """Print the kind of process and its MONGODB_URL, a line each. The passwords are nowhere else."""
    admin = os.environ["ADMIN_URL"]
    with MongoClient[dict[str, Any]](admin) as client:
        database = client.get_default_database()
        for process, rights in json.loads(ROLES.read_text(encoding="utf-8")).items():
            user = f"{process}-{suffix}"
            if drop:
                database.command("dropUser", user)
                continue
            _set_role(database, f"pressroom-{process}", rights)
            password = secrets.token_urlsafe(32)
            database.command("createUser", user, pwd=password, roles=[f"pressroom-{process}"])
            click.echo(f"{process} {_url_of(admin, user, password)}")


def _set_role(database: Database[dict[str, Any]], name: str, rights: dict[str, list[str]]) -> None:
    privileges = [
        {"resource": {"db": database.name, "collection": collection}, "actions": actions}
        for collection, actions in rights.items()
    ]
    there = database.command("rolesInfo", name)["roles"]
    database.command("updateRole" if there else "createRole", name, privileges=privileges, roles=[])


def _url_of(admin: str, user: str, password: str) -> str:
    """Return the administrator's URL as the user's, who is known to Pressroom's own database."""
    scheme, _, rest = admin.partition("://")
    address, _, options = rest.rpartition("@")[2].partition("?")
    kept = [option for option in options.split("&") if not option.startswith("authSource=")]
    return f"{scheme}://{user}:{password}@{address}?{'&'.join(kept)}"


if __name__ == "__main__":
    main()
