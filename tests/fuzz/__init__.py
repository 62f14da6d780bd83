"""Anything at all goes in; only errors of our own come out. `make fuzz` tries for much longer."""
