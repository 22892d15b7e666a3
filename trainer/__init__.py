"""The program that learns: it takes runs from the queue and leaves adapters. It never speaks to people."""
