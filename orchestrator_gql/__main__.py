"""Run the command `orchestrator-gql` by `python -m orchestrator_gql`."""

import sys

from orchestrator_gql.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
