"""How a plugin came to its end, and what becomes of it: a card below its row in the chain."""
