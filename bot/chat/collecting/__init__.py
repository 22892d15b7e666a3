"""Text becomes rows: what is written in opened channels, their past, and what archives bring.

Owns what is kept and what is said about it to those who wrote. Knows no network and no file format.
"""
