"""Other systems that run the measured lifecycle; `make bench-peers` installs them into an environment of their own."""
