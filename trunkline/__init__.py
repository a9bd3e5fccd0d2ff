"""Trunkline: containers on physical VLANs, without anyone typing on a switch."""
