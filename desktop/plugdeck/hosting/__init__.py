"""Native code in another process: workers, what is said to them, and the pictures shared with them.

``Supervisor`` makes ``HostedPlugin``s; each runs in a ``WorkerProcess``, alone or in a ``WorkerGroup``. Pictures are
``Frame``s in shared memory. Why a process ended is an ``Outcome``.
"""
