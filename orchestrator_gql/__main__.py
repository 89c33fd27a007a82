"""`python -m orchestrator_gql` is the command `orchestrator-gql`."""

import sys

from orchestrator_gql.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
