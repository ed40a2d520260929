"""Facts in readable form: lengths of time, sizes of files, sums of money, alerts."""

from datetime import datetime
from zoneinfo import ZoneInfo

from infra.speech.dates import said_exactly
from infra.speech.say import ENGLISH, say
from storage.records.mail import Alert

#: Currencies whose sums have no decimals, and those with three: https://docs.stripe.com/currencies
_WHOLE = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
_FINE = {"BHD", "JOD", "KWD", "OMR", "TND"}
#: Languages in which the comma and the point of numbers change places.
_OTHER_POINT = {"de"}
#: Signs that stand for one currency wherever English is read, before the number.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$"}


def spoken_duration(seconds: int, language: str = ENGLISH) -> str:
    """Return a length of time as people say it, in minutes up to an hour, then in whole hours."""
    if seconds < 3600:
        count = round(seconds / 60)
        return say(language, "%(count)s\u00a0minute" if count == 1 else "%(count)s\u00a0minutes", count=count)
    count = round(seconds / 3600)
    return say(language, "%(count)s\u00a0hour" if count == 1 else "%(count)s\u00a0hours", count=count)


def spoken_moment(at: datetime, zone: str, language: str = ENGLISH) -> str:
    """Return a moment with its year, to the second, by the clocks of a zone, which it names."""
    return said_exactly(at.astimezone(ZoneInfo(zone)), language)


def readable_size(size: int, language: str = ENGLISH) -> str:
    """Return a number of bytes in readable form."""
    if size >= 1_000_000:
        return f"{written_number(f'{size / 1_000_000:.1f}', language)} MB"
    return f"{max(1, round(size / 1000))} kB"


def written_number(number: str, language: str) -> str:
    """Return a number, given as English has it, as it is written in a language."""
    return number.translate(str.maketrans(",.", ".,")) if language in _OTHER_POINT else number


def written_amount(amount: int, currency: str, language: str = ENGLISH) -> str:
    """Return a sum, given in the smallest unit of its currency, such as 129.00 USD or 1900 JPY."""
    decimals = _decimals(currency)
    return f"{written_number(f'{amount / 10**decimals:.{decimals}f}', language)} {currency.upper()}"


def shown_price(amount: int, currency: str, language: str = ENGLISH) -> str:
    """Return a price as customers write it, given in its currency's smallest unit: $19, $1,290.50 or 19 CHF."""
    name, decimals = currency.upper(), _decimals(currency)
    shown = 0 if amount % 10**decimals == 0 else decimals
    number = written_number(f"{amount / 10**decimals:,.{shown}f}", language)
    sign = _SIGNS.get(name, name)
    if name not in _SIGNS or language in _OTHER_POINT:
        return f"{number}\N{NO-BREAK SPACE}{sign}"
    return f"{sign}{number}"


def posted(alert: Alert) -> dict[str, str | None]:
    """Return the object that the operators' webhook gets."""
    return {"kind": alert["kind"], "order": alert["order"], "event": alert["event"], "text": told_text(alert)}


def told_text(alert: Alert) -> str:
    """Return the text for an operator: the first trouble, and how much more of its kind there was."""
    more = len(alert["seen"]) - 1
    return alert["text"] if more == 0 else f"{alert['text']} (and {more} more of this kind)"


def _decimals(currency: str) -> int:
    name = currency.upper()
    if name in _WHOLE:
        return 0
    return 3 if name in _FINE else 2
