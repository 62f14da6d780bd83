"""Contacts, which ChartMogul keeps unique in no way: which one a row is, and how none is ever created twice.

Begin with `contacts`; `identity` decides which contact a row is.
"""
