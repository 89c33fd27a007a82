"""The audit log as it is chained, sealed and judged, wherever its rows come from: a database or an exported file."""
