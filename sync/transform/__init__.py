"""Rows become records: a mapping is bound to the columns of its query once, then every row is cast by it.

It only computes: what it is given it reads, and it asks nobody. Begin with `bind`, then `build` and `casts`.
"""
