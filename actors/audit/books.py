"""Judges what a customer got: the completion mail, and the reports that it brings."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import itemgetter

from actors.audit.evidence import Evidence, Violation
from storage.grouping import grouped
from storage.objects import book_key, pdf_key
from storage.records.work import Report, Step


def judge_mail(found: Evidence, _now: datetime) -> Iterator[Violation]:
    """Judge whether a delivered order has one completion mail, accepted once, and one after a correction."""
    order, sent = found.order, found.sent("completion")
    if order["delivered_at"] is not None and not sent:
        yield Violation(order["_id"], "mail", "It counts as delivered, and no completion mail was accepted.")
    made_again = any(one["delivered_at"] for one in order.get("corrections", ()))
    if order["delivered_at"] is not None and made_again and not found.sent("correction"):
        yield Violation(order["_id"], "mail", "It was made again after a correction, and no mail brought that.")
    times = sum(len(one.get("accepted", ())) for one in sent)
    if times > 1:
        yield Violation(order["_id"], "mail", f"Its completion mail was accepted {times} times.")


def judge_books(found: Evidence, _now: datetime) -> Iterator[Violation]:
    """Judge whether each stored report is the one that was bound last, and S3 has it."""
    order = found.order
    reports = {report["product"]: report for report in found.reports}
    if found.is_forgotten:
        return
    if order["delivered_at"] is not None and order["stored_at"] is not None:
        for product in order["products"]:
            if product not in reports or reports[product]["pdf"] is None:
                yield Violation(order["_id"], "book", f"It is delivered, and there is no report {product}.")
    steps = grouped(found.steps, itemgetter("report"))
    for report in found.reports:
        if report["state"] == "stored":
            for text in _faults(found, report, {step["kind"]: step for step in steps.get(report["_id"], [])}):
                yield Violation(order["_id"], "book", f"The report {report['product']} {text}.")


def _faults(found: Evidence, report: Report, steps: Mapping[str, Step]) -> Iterator[str]:
    """Yield what is wrong with a stored report. Of its steps only the one that bound it is looked at."""
    pdf, order, product = report["pdf"], report["order"], report["product"]
    if pdf is None:
        yield "is stored nowhere"
        return
    if (pdf["key"], pdf["object"]) != (pdf_key(order, product), book_key(order, product, pdf["sha256"])):
        yield "is another one's, by its name"
    bound = steps["assemble"].get("result") if "assemble" in steps else None
    if bound is None or bound.get("sha256") != pdf["sha256"]:
        yield "is not the one that was bound last"
    condition = found.files.get(pdf["key"], "whole")
    if condition != "whole":
        yield f"is {condition} in the object store"
