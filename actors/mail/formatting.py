"""Facts in readable form: lengths of time, sizes of files, sums of money, alerts."""

from datetime import datetime
from zoneinfo import ZoneInfo

from storage.records.mail import Alert

#: Currencies whose sums have no decimals, and those with three: https://docs.stripe.com/currencies
_WHOLE = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
_FINE = {"BHD", "JOD", "KWD", "OMR", "TND"}
#: Signs that stand for one currency wherever English is read, before the number.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$"}


def spoken_duration(seconds: int) -> str:
    """Return a length of time as people say it, in minutes up to an hour, then in whole hours."""
    count, unit = (round(seconds / 60), "minute") if seconds < 3600 else (round(seconds / 3600), "hour")
    return f"{count}\N{NO-BREAK SPACE}{unit}{'' if count == 1 else 's'}"


def spoken_moment(at: datetime, zone: str) -> str:
    """Return a moment with its year, to the second, by the clocks of a zone, which it names."""
    return f"{at.astimezone(ZoneInfo(zone)):%B %-d, %Y at %H:%M:%S (%Z)}"


def readable_size(size: int) -> str:
    """Return a number of bytes in readable form."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"


def written_amount(amount: int, currency: str) -> str:
    """Return a sum, given in the smallest unit of its currency, such as 129.00 USD or 1900 JPY."""
    decimals = _decimals(currency)
    return f"{amount / 10**decimals:.{decimals}f} {currency.upper()}"


def shown_price(amount: int, currency: str) -> str:
    """Return a price as customers write it, given in its currency's smallest unit: $19, $1,290.50 or 19 CHF."""
    name, decimals = currency.upper(), _decimals(currency)
    shown = 0 if amount % 10**decimals == 0 else decimals
    number = f"{amount / 10**decimals:,.{shown}f}"
    return f"{_SIGNS[name]}{number}" if name in _SIGNS else f"{number}\N{NO-BREAK SPACE}{name}"


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
