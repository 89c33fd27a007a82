"""Servers that are killed, frozen and cut off while they work, and a judge who counts what was lost or done twice."""
