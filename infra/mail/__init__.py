"""Mail: letters as values, and transports that send one and return the server's answer."""
