"""Campaigns: the real program over real sockets, killed and cut off at random until nobody doubts it."""
