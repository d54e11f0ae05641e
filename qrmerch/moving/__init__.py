"""Moving away with every printed code, and coming back: files that a web server, a person and an import can read."""
