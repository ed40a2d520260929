"""Mail: letters as values, transports that send one and say what the server answered."""
