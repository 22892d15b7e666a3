"""The program that learns: it takes runs from the queue and leaves adapters behind. It never speaks to people."""
