"""Home Energy: two sections and a chart of bars about a home, from questions that are its own."""
