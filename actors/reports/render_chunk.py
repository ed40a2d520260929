"""Sets one chapter as soon as its sections are written, or what its chart shows is computed."""

from actors.deps.worker import WorkDeps
from actors.reports.claim import Claim
from actors.reports.sources import chapter_source, style_of
from infra.metrics import RENDER_S
from infra.pdf import chunk_key
from infra.tracing import span
from storage.objects import chunk_key as object_key
from storage.records.work import StepResult


async def render_chunk(deps: WorkDeps, claim: Claim) -> StepResult:
    """Set the chapter, unless its PDF is there already. Returns the PDF's place and number of pages."""
    plan = await deps.plans.get(claim.step["plan"])
    chapter = chapter_source(plan, plan["steps"][claim.step["key"]], await claim.values(), claim.order)
    style = style_of(plan, claim.order)
    key = object_key(claim.order["_id"], claim.step["product"], chunk_key(chapter, style))
    pages = await _stored_pages(deps, claim, key)
    if pages is None:
        with RENDER_S.labels("chapter").time(), span("typeset chapter"):
            chunk = await deps.typesetter.render_chapter(chapter, style)
        pages = chunk.pages
        with span("upload chapter", bytes=len(chunk.pdf)):
            await deps.objects.put(key, chunk.pdf, pages=str(pages))
        deps.recent_chunks.keep(key, chunk.pdf)
    return {"object": key, "pages": pages}


async def _stored_pages(deps: WorkDeps, claim: Claim, key: str) -> int | None:
    """Return the number of pages of a chunk that an earlier claim has stored, or None.

    A step's first claim need not ask.
    """
    facts = await deps.objects.facts(key) if claim.step["epoch"] > 1 else None
    return int(facts["pages"]) if facts else None
