"""The book by which all processes on one state share an account's allowance.

It is no part of the state: a file beside one of SQLite, a table of its own in PostgreSQL, worth nothing after a
second. What is rented to whom is computed in `domain/allowance.py`; here it is kept. Begin with `opening.py`.
"""
