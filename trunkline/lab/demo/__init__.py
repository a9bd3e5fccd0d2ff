"""The main job before one's eyes, on a real kernel."""
