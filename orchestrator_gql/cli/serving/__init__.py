"""The server process of `serve` and `demo`: load modules, open the socket, run the server, write log lines."""
