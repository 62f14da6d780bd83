"""The format of mapping files: their models, and every mistake with its line.

It knows YAML and the environment, and nothing of warehouses or ChartMogul's API.
Begin with `model`; `loader` reads files.
"""
