"""Personal Horoscope: a year in twelve months, each with an overview and twelve areas of life."""
