"""What the worker costs, measured side by side with what it cannot do without."""
