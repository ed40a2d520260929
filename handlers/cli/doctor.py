"""`pressroom doctor`: findings about the settings, and about each server that Pressroom needs."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from handlers.cli.common import Row, json_option, with_deps
from handlers.cli.output import ROWS, show

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from actors.deps.process import Deps

_DEADLINE_S = 5.0
#: The typesetter is no server: its libraries are loaded first, which a busy machine takes its time for.
_TYPESETTER_S = 30.0
#: Of many tenants, the names that a line has room for.
_SHOWN = 10


@click.command()
@json_option(ROWS)
def doctor(as_json: bool) -> None:
    """Check the settings, and each server that they name.

    Exit 1 if one does not answer.
    """
    findings = with_deps(_examine)
    show(findings, ("server", "well", "finding"), as_json=as_json)
    if not all(finding["well"] for finding in findings):
        sys.exit(1)


async def _examine(deps: Deps) -> list[Row]:
    from handlers.cli.bucket import try_bucket
    from handlers.web.health import agrees, problem_of
    from infra.mail.transport import transport_for
    from infra.pdf import Renderer

    async def typesetter() -> None:
        renderer = Renderer(processes=1)
        try:
            await renderer.warm_up()
        finally:
            await renderer.close()

    mailer = transport_for(deps.settings)
    checks: dict[str, Awaitable[None]] = {
        f"mongodb {deps.db.host}": deps.db.ping(),
        "clock": agrees(deps),
        "redis": asyncio.to_thread(deps.broker.examine),
        f"mail {mailer.host}": asyncio.to_thread(mailer.ping, deps.settings.mail_from, *deps.settings.operators),
    }
    problems = {server: await problem_of(check, _DEADLINE_S) for server, check in checks.items()}
    problems["typesetter"] = await problem_of(typesetter(), _TYPESETTER_S)
    findings = [{"server": it, "well": not told, "finding": told or "answers"} for it, told in problems.items()]
    return [_tenants(deps), _budget(deps), _ending(deps), await _model(deps), *findings, *await try_bucket(deps)]


def _tenants(deps: Deps) -> Row:
    """Name the brands that are served. An unusable TENANTS_FILE stops every command before it begins."""
    names = sorted(deps.tenants)
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    where = "TENANTS_FILE" if deps.settings.tenants_file else "no TENANTS_FILE"
    return {"server": "tenants", "well": True, "finding": f"{where}: {shown}"}


def _ending(deps: Deps) -> Row:
    """Say what it costs to end workers. Which platform waits how long is the operator's to know."""
    from infra.settings import cost_of_ending

    finding = cost_of_ending(deps.settings) or "calls in the air are waited for"
    return {"server": "end of workers", "well": True, "finding": finding}


def _budget(deps: Deps) -> Row:
    """Say whether the budget can be kept: no call is bought of a model whose price is unknown."""
    budget, model = deps.settings.order_budget_usd, deps.settings.openai_model
    priced = deps.prices.of(model) is not None
    finding = "no ORDER_BUDGET_USD" if budget is None else f"{budget:g} US dollars an order"
    if budget is not None and not priced:
        finding += f", which cannot be kept: LLM_PRICES_FILE must name the price of {model}, or no worker writes"
    return {"server": "budget", "well": budget is None or priced, "finding": finding}


async def _model(deps: Deps) -> Row:
    """Say whether the provider has the model, for how long, and of when its price is."""
    from infra.errors import TransientError
    from infra.llm.models import WARN_DAYS, describe_model

    name = deps.settings.openai_model
    try:
        model = await describe_model(deps.settings)
    except TransientError as error:
        return {"server": f"model {name}", "well": False, "finding": str(error)}
    price = deps.prices.of(name)
    ends = f"ends on {model.last_day}" if model.last_day else "no end announced"
    ends += f", price of {price.as_of or 'an unknown day'}" if price else ", price unknown"
    is_well = model.problem is None and model.warning(deps.clock.now().date()) != min(WARN_DAYS)
    return {"server": f"model {name}", "well": is_well, "finding": model.problem or ends}
