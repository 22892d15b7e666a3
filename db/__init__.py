"""The floor both programs stand on: rows, the transaction around them, and what is shared to read them.

Owns every table and every statement. Knows no platform, no model and no program above it.
"""
