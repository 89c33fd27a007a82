"""Rounds in which many requests compete for one callback at the same time, and checks after each round."""
