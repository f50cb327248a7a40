"""The `./storeplane` command: makes what must be made once, then keeps the processes of the platform running.

A supervisor walks a table of process specifications (`processes.platform_processes`) in the order of their
needs, restarts what dies, and stops all in reverse. Everything it keeps lives in one folder, the home
(`$STOREPLANE_HOME`), so that two homes with other ports run side by side from one checkout.
"""
