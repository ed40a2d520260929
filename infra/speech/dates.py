"""Days and times as they are said in a language."""

from datetime import date, datetime

from infra.speech.say import say


def said_day(day: date, language: str) -> str:
    """Return a day with its weekday, by which a slip of the hand shows: Sunday, 17 April 1988."""
    weekday, month = say(language, f"{day:%A}"), say(language, f"{day:%B}")
    facts = {"weekday": weekday, "day": day.day, "month": month, "year": day.year}
    return say(language, "%(weekday)s, %(day)s %(month)s %(year)s", **facts)


def said_exactly(moment: datetime, language: str) -> str:
    """Return when something is, with its year and to the second: November 30, 2026 at 14:05:09 (CET)."""
    facts = {"month": say(language, f"{moment:%B}"), "day": moment.day, "year": moment.year}
    facts |= {"time": f"{moment:%H:%M:%S}", "zone": f"{moment:%Z}"}
    return say(language, "%(month)s %(day)s, %(year)s at %(time)s (%(zone)s)", **facts)


def said_moment(moment: datetime, language: str) -> str:
    """Return when something is, within a year, with the name of its zone: November 30 at 14:05 (CET)."""
    facts = {"month": say(language, f"{moment:%B}"), "day": moment.day, "time": f"{moment:%H:%M}"}
    return say(language, "%(month)s %(day)s at %(time)s (%(zone)s)", **facts, zone=f"{moment:%Z}")
