"""Templates whose sentences, in `trans` and `_()`, are said in the language that the context names as `tongue`."""

from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from infra.speech.say import sentences


def teach(templates: Environment) -> Environment:
    """Let templates say their sentences in any language. What a translation holds is trusted as a template is."""
    templates.add_extension("jinja2.ext.i18n")
    templates.policies["ext.i18n.trimmed"] = True
    # The extension adds this method to the environment.
    templates.install_gettext_callables(_say, _say_of_many, newstyle=True)  # type: ignore[attr-defined]
    return templates


@pass_context
def _say(context: Context, sentence: str) -> str:
    return sentences(context["tongue"]).get(sentence, sentence)


@pass_context
def _say_of_many(context: Context, one: str, many: str, count: int) -> str:
    return _say(context, one if count == 1 else many)
