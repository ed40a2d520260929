"""Accounts at the servers that we use, and the work that meets trouble with one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from actors.deps.intake import IntakeDeps
from infra.errors import AccountTrouble, TransientError
from storage.alerts import end_account_trouble, tell_account_trouble


@asynccontextmanager
async def watching_accounts(deps: IntakeDeps, work: str, *, again: bool = True) -> AsyncIterator[None]:
    """Tell an operator of trouble with an account that work meets inside. It is over once that work gets through.

    `again` is False for work that is tried for the first time, and so has met none. While MongoDB is away nothing
    is told: the next try tells.
    """
    try:
        yield
    except AccountTrouble as trouble:
        if not trouble.may_pass:
            with suppress(TransientError):
                await tell_account_trouble(deps.db, trouble, work, deps.clock.now())
        raise
    if again:
        with suppress(TransientError):
            await end_account_trouble(deps.db, work)
