"""What the product costs, each figure beside a reference measured in the same run."""
