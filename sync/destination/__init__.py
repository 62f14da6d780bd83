"""What a record becomes in ChartMogul, object by object: how it is found, created once, and updated.

It knows the client and the state, and nothing of warehouses, mappings' files or reports. Begin with `interface`.
"""
