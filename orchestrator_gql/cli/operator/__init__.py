"""The operator's verbs on the command line: list what waits, repair a process, decide its forms.

arguments      options of the verbs          waits      list what waits            show   one process
verbs          retry, abort, reissue, ...    confirm    submit the open form       forms  a page on a terminal
requests       the open input request        decisions  reject, claim, release     times  points in time
start          start a workflow              dialogue   a form, page by page
notifications  list and send again
"""
