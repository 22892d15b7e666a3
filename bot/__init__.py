"""The program that talks: chat, commands, imports and, later, the panel. It never trains."""
