"""What people and programs are told of a run: files, terminal, log.

It knows results and events, and nothing of SQL, HTTP or deciding. Begin with `files` and `terminal`.
"""
