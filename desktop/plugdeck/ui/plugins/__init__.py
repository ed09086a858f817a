"""The list of plugins: the table, its filter, the folder it shows, and what keeps it up to date."""
