"""The training child: one job file in, JSON lines out, an adapter folder written. Knows no database."""
