"""Ratios in one run against a named rival and the floor; see README.md beside this file."""
