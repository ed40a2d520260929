"""`pressroom demo` and `pressroom up`: the whole system on one machine, with nothing but this repository."""
