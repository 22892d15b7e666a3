"""The one set of verbs that the command line, the chat networks and the panel share.

Each is authorised here, whatever a menu showed, and runs in one transaction with its audit row.
"""
