"""The same job done with other tools, as carefully as each of them allows."""
