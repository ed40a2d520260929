"""Model of the protocol: its transitions as rules over small states, explored exhaustively."""
