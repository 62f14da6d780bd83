"""What follows a run that is over: its metrics in a file, messages, a heartbeat, its results in a database.

Nothing here can fail a run: what goes wrong is a warning.
"""
