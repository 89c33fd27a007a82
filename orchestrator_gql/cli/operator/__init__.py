"""The operator's verbs on the command line: see what waits, help it on, decide what people are asked.

arguments  what can be asked     waits     what waits               show   one process
verbs      how it is helped on   confirm   its open form            forms  a page on a terminal
requests   what people are asked deciding  reject, claim, release   moments  points in time
start      a workflow, started dialogue  a form, page by page
notifications  what people outside are told
"""
