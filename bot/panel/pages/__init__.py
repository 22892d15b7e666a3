"""One file a page; each calls verbs and queries, and nothing below them."""
