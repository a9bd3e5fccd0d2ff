"""Acme OS for Trunkline: an example of a dialect in a package of its own."""
