"""What operators oversee: the numbers, what a process waits for, and the audit log."""
