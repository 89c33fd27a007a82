"""The commands that list, export and verify the audit log."""
