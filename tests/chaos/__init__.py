"""Kills, freezes and disconnects servers while they work, and counts what was lost or done twice."""
