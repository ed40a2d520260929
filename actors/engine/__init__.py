"""The step engine: what claims, moves, retries and replays steps, whatever they do."""
