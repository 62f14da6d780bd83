"""The sample warehouse of the demo."""
