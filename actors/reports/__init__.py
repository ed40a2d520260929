"""Reports: the engine that claims, moves, retries and replays steps, and the work of each kind of step."""
