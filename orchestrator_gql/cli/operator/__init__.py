"""The operator's verbs on the command line: see what waits, help it on, answer forms.

arguments  what can be asked     waits  what waits        show  one process
verbs      how it is helped on   confirm  its open form
"""
