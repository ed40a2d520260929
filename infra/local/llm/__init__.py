"""A stub of OpenAI's Responses API: the real shapes, prose that reads well, limits, and faults on request."""
