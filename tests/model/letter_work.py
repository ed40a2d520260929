"""Work of processes on an order's end: errands, reports that are stored, events of Stripe's, requests of people.

Each function yields the next move of an agent: in words, with the world after it, and with what the agent is then.
"""

from collections.abc import Callable, Iterator

from tests.model.letter_rules import Facts, Order
from tests.model.letter_world import Agent, Payment, Report, Rules, World

_REPORTS, _REFUND = "complete_order", "refund_order"
#: How a word is told apart that need not come true.
FAULT = "fault: "
#: What each event of Stripe's adds to a payment.
_ADDED = {
    "our refund": ("refunded", 1),
    "given back": ("refunded", 1),
    "bounced": ("failed", 1),
    "disputed": ("disputed", 1),
    "won": ("disputed", 2),
}

Way = Iterator[tuple[str, World, Agent]]


def _errand_of(letter: str) -> str:
    return _REFUND if letter == "refund" else _REPORTS


def _letter_of(order: Order) -> str:
    return f"correction-{len(order.corrections)}" if order.was_delivered else "completion"


def works(rules: Rules, world: World, agent: Agent) -> Way:
    """Yield the moves of an agent."""
    return _WAYS[agent.at](rules, world, agent)


def _begins(rules: Rules, world: World, agent: Agent) -> Way:
    """Take up any work that is there. Its order is read at that moment."""
    del rules, agent
    order = world.state.order
    for product, report in world.reports:
        if not report.told:
            yield f"is to store {product}", world, Agent("storing", product, report.run)
    for event in sorted(world.events):
        yield f"hears of {event}", world, Agent("noting", event)
    if order.intent:
        yield "carries a replay out", world, Agent("carrying out", seen=order.intent)
    if _REPORTS in order.errands:
        yield from _begins_with_reports(world)
    if _REFUND in order.errands:
        yield from _begins_with_refund(world)
    yield from _begins_for_people(world)


def _begins_with_reports(world: World) -> Way:
    order = world.state.order
    if order.delivered or order.letter == "refund":
        yield "has no reports to send", world, Agent("ending", _REPORTS)
    elif "early" not in world.luck and not order.is_held_back:
        name = _letter_of(order)
        yield f"sees to {name}", world, Agent("choosing", name, corrections=len(order.corrections))


def _begins_with_refund(world: World) -> Way:
    order = world.state.order
    if order.letter != "refund" or order.facts.refund_failed:
        yield "has nothing to give back", world, Agent("ending", _REFUND)
    elif order.facts.stopped:
        yield "sees to refund", world, Agent("chosen", "refund")
    else:
        yield "sees what to give back", world, Agent("asking", "our refund")


def _begins_for_people(world: World) -> Way:
    """Look at an order for an operator who refunds it, or for its customer who withdraws."""
    order = world.state.order
    ours = order.letter is None and not order.was_delivered and not any(order.facts)
    if "refund" in world.luck and ours:
        then = Agent("deciding", "refund", corrections=len(order.corrections))
        yield f"{FAULT}is asked for the money", world.spending("refund"), then
    if "withdrawal" in world.luck and not order.withdrawn and not order.facts.stopped:
        ours = ours and not any(report.made for _, report in world.reports)
        then = Agent("deciding", "withdrawal" if ours else "request", corrections=len(order.corrections))
        yield f"{FAULT}is told of a withdrawal", world.spending("withdrawal"), then


def _decides(rules: Rules, world: World, agent: Agent) -> Way:
    """Write down what a person decided, of an order as they saw it (T18r)."""
    if agent.name == "request":
        yield "leaves a withdrawal to an operator", rules.try_to(world, "ask_operator"), Agent()
    else:
        rule = "choose_refund" if agent.name == "refund" else "withdraw"
        yield f"decides on a {agent.name}", rules.try_to(world, rule, agent.corrections), Agent()


def _stores(rules: Rules, world: World, agent: Agent) -> Way:
    """Say to the order that a report is stored (T16), and then that this was said."""
    product, run = agent.name, agent.number
    if agent.at == "storing":
        stored = rules.do(world, "add_stored", product, run)
        yield f"stores {product}", stored or world, agent._replace(at="completing" if stored else "stamping")
    elif agent.at == "completing":
        yield f"has stored {product}", rules.try_to(world, "complete", product, run), agent._replace(at="stamping")
    else:
        report = dict(world.reports)[product]
        told = report._replace(told=report.told or report.run == run)
        yield f"is done with {product}", world.reporting(product, told), Agent()


def _chooses(rules: Rules, world: World, agent: Agent) -> Way:
    """Choose the letter with the reports (T18), or find it chosen."""
    chosen = rules.do(world, "choose_completion")
    is_chosen = chosen or world.state.order.letter == "completion"
    yield f"chooses {agent.name}", chosen or world, agent._replace(at="chosen") if is_chosen else Agent()


def _takes(rules: Rules, world: World, agent: Agent) -> Way:
    """Claim the letter (T19), or take it over (T22), or find it sent or refused."""
    name, letter = agent.name, world.state.letter(agent.name)
    taken = rules.do(world, "claim", name) or rules.do(world, "retake", name, letter.epoch)
    if taken is not None:
        yield f"claims {name}", taken, agent._replace(at="claimed", number=taken.state.letter(name).epoch)
    elif letter.state == "sent":
        yield f"finds {name} sent", world, agent._replace(at="sent")
    elif letter.state == "refused":
        yield f"finds {name} refused", world, Agent("ending", _errand_of(name), seen=("dead",))
    else:
        yield f"leaves {name} to others", world, Agent()


def _sends(rules: Rules, world: World, agent: Agent) -> Way:
    """Begin to send (T20), end, hear that the letter is taken, and record it (T21)."""
    name, epoch = agent.name, agent.number
    if agent.at == "claimed":
        sending = rules.do(world, "start_sending", name, epoch)
        then = agent._replace(at="sending", number=sending.state.letter(name).epoch) if sending else Agent()
        yield f"begins to send {name}", sending or world, then
    elif agent.at == "sending":
        yield from _speaks(rules, world, agent)
    elif agent.at == "at the final dot":
        taken = world._replace(mails=(*world.mails, name))
        yield f"has {name} taken", taken, agent._replace(at="told that it is taken")
    else:
        yield f"records {name}", rules.try_to(world, "mark_sent", name), agent._replace(at="sent", number=0)
        if "silence" in world.luck:
            unsure = rules.try_to(world.spending("silence").excusing(name), "postpone", name, epoch)
            yield f"{FAULT}hears nothing of {name}", unsure, Agent()


def _speaks(rules: Rules, world: World, agent: Agent) -> Way:
    name, epoch = agent.name, agent.number
    if rules.do(world, "look", name, agent.late):
        yield f"ends {name}", world, agent._replace(at="at the final dot", late=False)
    else:
        yield f"is too late for {name}", rules.try_to(world, "postpone", name, epoch), Agent()
    if "busy" in world.luck:
        busy = rules.try_to(world.spending("busy"), "postpone", name, epoch)
        yield f"{FAULT}may not send {name} now", busy, Agent()
    if "refusal" in world.luck:
        errand = _errand_of(name)
        refused = rules.try_to(world.spending("refusal"), "refuse", name, epoch)
        refused = refused._replace(dead=refused.dead | {errand})
        yield f"{FAULT}may never send {name}", refused, Agent("ending", errand, seen=("dead",))


def _tells(rules: Rules, world: World, agent: Agent) -> Way:
    """Tell the order that its letter is sent, and end the errand."""
    if agent.at == "ending":
        is_dead = bool(agent.seen) and agent.name in world.dead
        yield f"ends {agent.name}", rules.try_to(world, "end_errand", agent.name, is_dead), Agent()
    elif agent.name == "refund":
        yield "has told of the refund", world, Agent("ending", _REFUND)
    else:
        yield f"has delivered {agent.name}", rules.try_to(world, "deliver", agent.corrections), Agent()


def _notes(rules: Rules, world: World, agent: Agent) -> Way:
    """Write down a fact of Stripe's, copy the payment to its order (T2r), and see what follows."""
    event, facts = agent.name, Facts(*agent.seen)
    if agent.at == "asking":
        yield "asks Stripe", world._replace(asked=True, paid_back=True), agent._replace(at="noting")
    elif agent.at == "noting":
        noted = world._replace(payment=_joined(world.payment, event))
        yield f"notes {event}", noted, agent._replace(at="reading")
    elif agent.at == "reading":
        payment = world.payment
        yield "reads the payment", world, agent._replace(at="copying", number=payment.version, seen=payment.facts)
    elif agent.at == "copying":
        copied = rules.try_to(world, "copy_payment", agent.number, facts)
        yield f"copies version {agent.number}", copied, agent._replace(at="following", number=0)
    elif agent.at == "following" and event == "our refund":
        then = Agent("chosen", "refund") if world.state.order.facts.stopped else Agent()
        yield "has given the money back", world, then
    elif agent.at == "following":
        chosen = rules.try_to(world, "choose_refund", None) if facts.stopped else world
        yield f"sees what follows from {event}", chosen, Agent("settling", event)
    else:
        yield f"has applied {event}", world._replace(events=world.events - {event}), Agent()


def _joined(payment: Payment, event: str) -> Payment:
    """Return a payment's facts with one more. The later word on a dispute is the greater one."""
    fact, word = _ADDED[event]
    return payment._replace(version=payment.version + 1, **{fact: max(getattr(payment, fact), word)})


def _carries_out(rules: Rules, world: World, agent: Agent) -> Way:
    """Carry out a replay or a correction (T17): a new run of each report, then the end of the intent."""
    order, reports = world.state.order, dict(world.reports)
    for product, run in agent.seen if order.intent == agent.seen else ():
        if (product, run) not in order.runs:
            yield f"begins run {run} of {product}", rules.try_to(world, "begin_remake", product, run), agent
            return
        if reports[product].run < run:
            yield f"resets {product}", world.reporting(product, Report(run)), agent
            return
    yield "has carried it out", rules.try_to(world, "end_intent", agent.seen), Agent()


_WAYS: dict[str, Callable[[Rules, World, Agent], Way]] = {
    "idle": _begins,
    **dict.fromkeys(("storing", "completing", "stamping"), _stores),
    "choosing": _chooses,
    "chosen": _takes,
    **dict.fromkeys(("claimed", "sending", "at the final dot", "told that it is taken"), _sends),
    **dict.fromkeys(("sent", "ending"), _tells),
    **dict.fromkeys(("asking", "noting", "reading", "copying", "following", "settling"), _notes),
    "carrying out": _carries_out,
    "deciding": _decides,
}
