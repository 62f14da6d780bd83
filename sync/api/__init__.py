"""The commands as functions, for whoever calls them from Python: `from sync import run, validate, check`."""
