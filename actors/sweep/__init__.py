"""The sweep: looks in MongoDB for what should move and does not, and moves it. Safe to run several at once."""
