"""The parts of the pretended Discord, whose face is tests.fakes.discord: what it keeps, accepts, refuses and sends.

Owns Discord's side alone. Knows nothing of our bot.
"""
