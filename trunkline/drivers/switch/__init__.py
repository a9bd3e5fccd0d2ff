"""A switch: dialects say how to read and write it, the engine decides what to send, the session sends it."""
