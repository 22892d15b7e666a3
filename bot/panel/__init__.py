"""The web panel: pages that call verbs and queries, never statements."""
