"""What `serve` and `demo` start: the modules loaded, the door opened, the server run, its log lines written."""
