"""What runs as the first process inside a lab kernel: an init script and the session server."""
