"""The commands with their options; the text of each function is the help of its command.

servers      serve, worker, demo             decisions    start, confirm, claim, release, assign
lists        processes, waits, show, tail    repairs      retry, abort, reissue, pause
maintenance  migrate, backup, prune, schema  audit        list, verify, export
shells       completion                      parameters   options that several commands have
"""
