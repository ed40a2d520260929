"""Looks whether the provider is about to end the model, and tells an operator in time."""

from actors.deps.process import Deps
from infra.llm.models import describe_model
from storage.alerts import raise_alert


async def warn_of_models_end(deps: Deps) -> None:
    """Alert an operator 60 days before the model's last one, and again 14 days before."""
    model = await describe_model(deps.settings)
    now = deps.clock.now()
    days = model.warning(now.date())
    if days is not None:
        text = (
            f"The LLM provider ends {deps.settings.openai_model} on {model.last_day}. "
            "Name another in OPENAI_MODEL, and restart the workers."
        )
        await raise_alert(deps.db, "model_ends", text, now, event=f"{deps.settings.openai_model}, {days} days")
