"""An audit: all rows of mappings held against all records of their data sources. It knows no way to write.

Begin with `scope`, which lists the records of one kind in one data source, once, for all mappings that have rows of it.
"""
