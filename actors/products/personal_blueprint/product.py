"""Personal Blueprint, as it is sold: an opening, eight parts of six sections, three sections that gather them."""

from pathlib import Path

from actors.products.definition import Chapter, Pace, Part, Product, Section, Theme, chapter_of
from actors.products.questions import BIRTH_DATE, LIFE, NAME

_OPENING = Section("opening_key", "The Key You Are Written In")
#: The parts by title and subtitle; the first section of each is its lead, which the others follow.
_PARTS = {
    ("Ground", "What was there before you chose anything"): {
        "ground_roots": "The Soil You Grew From",
        "ground_child": "The Child Who Is Still Here",
        "ground_heritage": "What the House Taught You",
        "ground_home": "What Home Means to You",
        "ground_name": "The Name You Answer To",
        "ground_years": "The Years You Were Born Into",
    },
    ("Temper", "How you are tuned"): {
        "temper_weather": "Your Native Weather",
        "temper_attention": "Where Your Attention Goes",
        "temper_rhythm": "The Rhythm of Your Days",
        "temper_senses": "What Your Senses Love",
        "temper_solitude": "Alone and Among People",
        "temper_moods": "What Your Moods Are For",
    },
    ("Strengths", "What you can lean on"): {
        "strengths_overlooked": "The Strength You Overlook",
        "strengths_thinking": "How You Think",
        "strengths_hands": "What Your Hands Know",
        "strengths_courage": "Your Kind of Courage",
        "strengths_humour": "What Makes You Laugh",
        "strengths_learning": "How You Learn",
    },
    ("Shadows", "What your gifts cost you"): {
        "shadows_price": "The Price of Your Gifts",
        "shadows_fear": "What You Guard Against",
        "shadows_critic": "The Voice That Corrects You",
        "shadows_anger": "What Your Anger Defends",
        "shadows_delay": "What You Put Off",
        "shadows_pattern": "The Pattern That Returns",
    },
    ("Bonds", "How you are with others"): {
        "bonds_closeness": "How You Come Close",
        "bonds_love": "How You Love",
        "bonds_friendship": "The Friend You Are",
        "bonds_voice": "Saying What You Mean",
        "bonds_conflict": "When You Disagree",
        "bonds_borders": "Where You End and Others Begin",
    },
    ("Work", "What you make of your days"): {
        "work_purpose": "What Work Is For",
        "work_craft": "The Work That Absorbs You",
        "work_team": "You in a Group",
        "work_money": "You and Money",
        "work_ambition": "What Would Be Enough",
        "work_rest": "How You Rest",
    },
    ("Turning", "How you move when life does"): {
        "turning_change": "How You Change",
        "turning_decisions": "How You Decide",
        "turning_endings": "How You Leave",
        "turning_beginnings": "How You Begin",
        "turning_waiting": "Not Yet Knowing",
        "turning_failure": "After It Goes Wrong",
    },
    ("Meaning", "What all of it is in aid of"): {
        "meaning_loyalties": "What You Are Loyal To",
        "meaning_beauty": "What Moves You",
        "meaning_play": "What You Do for Its Own Sake",
        "meaning_gift": "What You Give",
        "meaning_trust": "What You Trust",
        "meaning_time": "The Time That Is Yours",
    },
}
#: The section of another part that a section follows, beside the opening and its part's lead.
_ALSO = {
    "shadows_price": ("strengths_overlooked",),
    "bonds_conflict": ("shadows_anger",),
    "work_rest": ("temper_rhythm",),
    "turning_failure": ("shadows_critic",),
    "meaning_time": ("ground_years",),
}


def _part(title: str, subtitle: str, titles: dict[str, str]) -> Part:
    """Return a part whose lead follows the opening, and whose other sections follow both."""
    lead, *others = titles
    after = {lead: (_OPENING.id,), **dict.fromkeys(others, (_OPENING.id, lead))}
    sections = (Section(name, said, (*after[name], *_ALSO.get(name, ()))) for name, said in titles.items())
    return Part(Chapter(title.lower(), title, subtitle=subtitle), tuple(sections))


_BODY = tuple(_part(*names, titles) for names, titles in _PARTS.items())
_LEADS = tuple(part.sections[0].id for part in _BODY)
_CLOSING = (
    Section("closing_portrait", "Your Blueprint on One Page", after=(_OPENING.id, *_LEADS)),
    Section(
        "closing_steps",
        "Seven Small Experiments",
        after=(
            _OPENING.id,
            "temper_rhythm",
            "strengths_overlooked",
            "shadows_price",
            "bonds_borders",
            "work_craft",
            "turning_beginnings",
            "meaning_play",
        ),
    ),
    Section("closing_letter", "A Letter to Keep", after=(_OPENING.id, "closing_portrait", "closing_steps")),
)

PRODUCT = Product(
    name="personal_blueprint",
    title="Personal Blueprint",
    subtitle="A portrait of how you are made, and how to live with it",
    price=4900,
    promise_s=30 * 60,
    needed=(NAME, BIRTH_DATE),
    accepts=LIFE,
    sections=(_OPENING, *(section for part in _BODY for section in part.sections), *_CLOSING),
    chapters=(
        chapter_of(_OPENING),
        *(chapter for part in _BODY for chapter in part.chapters),
        *map(chapter_of, _CLOSING),
    ),
    pace=Pace(max_in_flight=8),
    theme=Theme(accent="#2f4a7d", tint="#eceef3"),
    folder=Path(__file__).parent,
)
