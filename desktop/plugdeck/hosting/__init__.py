"""Native code in another process: workers, what is said to them, and the pictures shared with them.

``Supervisor`` makes ``HostedPlugin``s; each runs in a ``WorkerProcess``, in a ``WorkerGroup`` of one or of several.
Pictures are ``Frame``s in shared memory. Why a process ended is an ``Outcome``.
"""
