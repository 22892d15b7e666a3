"""A mention becomes a reply: taken in once, answered by whoever claims it, shown on its network, never shown twice.

Owns the reply row from the mention on, what a reply is given, and what of it may leave the house. Knows no network.
"""
