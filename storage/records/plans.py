"""Records of plans: the steps of a report, and all words that they need."""

from typing import Literal, NotRequired, TypedDict

from storage.records.orders import Colours

StepKind = Literal["write", "compute", "render", "assemble"]
#: The slot set of a step: LLM calls have one, the work of our own machines has the other.
Slot = Literal["write", "render"]


class PlannedStep(TypedDict):
    """Step of a plan, with all the words that it needs. Other steps are named by their keys."""

    #: Unique in the plan, and begins with the kind.
    key: str
    kind: StepKind
    needs: list[str]
    title: str
    #: The place in the plan's order.
    seq: int
    #: The part's id. There for kind `write`, or for kind `compute`.
    section: NotRequired[str]
    computation: NotRequired[str]
    #: The prompt. There for kind `write`.
    brief: NotRequired[str]
    #: The chapter's heading, and the titles of its sections. There for kind `render`.
    subtitle: NotRequired[str]
    number: NotRequired[int | None]
    level: NotRequired[int]
    titles: NotRequired[list[str]]


class Plan(TypedDict):
    """Plan of a report. It never changes: another content has another id."""

    #: The product and a hash of the content.
    _id: str
    format: int
    product: str
    title: str
    subtitle: str
    #: The part of each prompt that is always the same.
    instructions: str
    theme: Colours
    #: The effort of reasoning that is asked for. There if the product names one.
    effort: NotRequired[str]
    #: The number of slots in each set, and the pause after a settled step of it, in seconds.
    bounds: dict[Slot, int]
    gap_s: dict[Slot, float]
    #: The soft limit of a step of each kind, in seconds.
    limits: dict[StepKind, float]
    #: By key, in order.
    steps: dict[str, PlannedStep]
