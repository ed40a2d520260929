"""Evidence about an order, and the violations that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from storage.order_state import OrderState, order_state
from storage.records.mail import Alert, Delivery
from storage.records.orders import Order
from storage.records.work import LedgerEntry, Report, Step

#: The promise that is broken:
#: `lost`: it was paid, and there is no order.
#: `silent`: it waits, longer than promised or for an operator, and no alert named it; or nobody told its customer.
#: `untold`: an alert about it reached nobody.
#: `mail`: not exactly one completion mail, or one that brings the wrong files or goes elsewhere.
#: `book`: a report is missing, or is not the one on record.
#: `ending`: two ends at once, or an end that Stripe does not know of.
#: `purchase`: a section was bought again though there was an answer, or for nobody's money.
#: `ledger`: the ledger is not what was bought.
#: `stale`: work of a holder who had lost it was accepted.
#: `left`: a message or a process outlived its work or its owner.
Kind = Literal["lost", "silent", "untold", "mail", "book", "ending", "purchase", "ledger", "stale", "left"]

#: Condition of a PDF in S3.
Condition = Literal["whole", "lost", "altered"]


class Violation(NamedTuple):
    """Broken promise. `order` is None if it is about none. `text` quotes nothing of a customer's."""

    order: str | None
    kind: Kind
    text: str


class Refunded(NamedTuple):
    """Charge of a payment as Stripe has it: its amount, and the part that was given back."""

    amount: int
    refunded: int


@dataclass(frozen=True)
class Evidence:
    """Records of one order.

    `steps` and `purchases` are without texts. `files` are the PDFs that were looked for, by their names in the
    contract: lost, or altered if the content has another hash than it should. `charge` is None where Stripe was
    not asked.
    """

    order: Order
    reports: Sequence[Report] = ()
    steps: Sequence[Step] = ()
    purchases: Sequence[LedgerEntry] = ()
    deliveries: Sequence[Delivery] = ()
    alerts: Sequence[Alert] = ()
    files: Mapping[str, Condition] = field(default_factory=dict)
    charge: Refunded | None = None

    @property
    def state(self) -> OrderState:
        """The state of the order."""
        return order_state(self.order, [report for report in self.reports if report["plan"]])

    @property
    def is_forgotten(self) -> bool:
        """Whether its customer was forgotten, and with them most of this evidence."""
        return "forgotten_at" in self.order

    def sent(self, kind: str) -> list[Delivery]:
        """Return the letters of a kind that the mail server accepted."""
        return [one for one in self.deliveries if (one["kind"], one["state"]) == (kind, "sent")]
