"""Figures as people read them: lengths of time, and sizes of files."""


def spoken_duration(seconds: int) -> str:
    """Return a length of time as people say it, in minutes up to an hour, then in whole hours."""
    count, unit = (round(seconds / 60), "minute") if seconds < 3600 else (round(seconds / 3600), "hour")
    return f"{count}\N{NO-BREAK SPACE}{unit}{'' if count == 1 else 's'}"


def readable_size(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"
