"""What a user types: one file a command. Here alone real things are opened and closed again; nobody imports from here.

Begin with `main`, which names every command; `execute` opens what a run needs.
"""
