"""The audit log: its chains, its seals and its verification, for rows from a database or from an exported file."""
