"""The user's word on plugins: the question before one runs for the first time, and what it may do afterwards."""
