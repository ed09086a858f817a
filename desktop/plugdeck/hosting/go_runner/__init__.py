"""The host process of Go plugins: built on demand, confined and supervised as every worker is."""
