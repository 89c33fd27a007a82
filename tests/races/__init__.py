"""Rounds in which many compete for one callback at the same instant, and what must hold after each."""
