"""The tests' auditor: judges a whole system by what the outside world has seen of it, order by order."""
