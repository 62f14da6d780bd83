"""An undo: what a run changed goes back to what its report says was there before, where that still stands.

Begin with `task`; `putter` looks records up, decides by `domain/put_back.py`, and sends.
"""
