"""For which host the plugins are judged: choosing it, remembering it, and what the own worker says beside it."""
