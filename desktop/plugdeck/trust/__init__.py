"""What the user allowed to run, and what he is asked before he does: by the bytes of a file, never by its name."""
