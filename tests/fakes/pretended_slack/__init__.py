"""The parts of the pretended Slack, whose face is tests.fakes.slack: what Slack keeps, accepts, refuses and sends.

Owns Slack's side alone. Knows nothing of our bot.
"""
