"""Decides: what every switch and host should look like. Imports nothing from drivers, tasks or lab."""
