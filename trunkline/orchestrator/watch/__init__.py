"""Turns an engine's event stream into doorbells."""
