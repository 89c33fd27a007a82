"""Measures the product, each figure beside a reference from the same run."""
