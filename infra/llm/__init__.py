"""The LLM edge: one request, one recorded outcome, no hidden retries."""
