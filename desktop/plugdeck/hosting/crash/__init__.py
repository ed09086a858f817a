"""Where in native code a worker crashed or hangs, seen by its supervisor while the faulting thread stands still."""
