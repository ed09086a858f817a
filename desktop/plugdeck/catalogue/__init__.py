"""Which plugins there are: reports on files, scans and watches of folders, what is installed."""
