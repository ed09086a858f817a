"""What keeps a worker away from everything that is not its job."""
