"""The words of this program as values, and what follows from them alone: records, decisions, results, hashes.

It only computes: no I/O, no clock, no chance, no logging. Begin with `record`, then `plan`.
"""
