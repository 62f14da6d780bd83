"""The worker that runs on and on: when runs are due, how fresh each mapping is, what it answers on its port.

It knows runs as something that can be carried out, and nothing of warehouses or requests. Begin with `worker`.
"""
