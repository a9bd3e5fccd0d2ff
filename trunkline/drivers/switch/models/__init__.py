"""Played devices, one per platform: what our own dialects are tested against. The registry loads them on demand."""
