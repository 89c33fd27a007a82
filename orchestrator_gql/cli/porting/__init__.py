"""`orchestrator-gql port`: rewrites workflow code that was written for orchestrator-core.

command      the command and its output        files      finds, reads and writes the files
rewriting    all rewrites of one file          names      where each name of the other package is here
imports      import statements                 modules    imports of whole modules
models       models, forms and `.save()`       handmade   `@workflow` with its standard steps
workflows    the decorators of workflows       registrations  products and workflows that are registered
project      what the files say together       migrations the products and workflows in migrations
remaining    what is left to do by hand        advice     what to write instead
trees        reads and builds syntax trees
"""
