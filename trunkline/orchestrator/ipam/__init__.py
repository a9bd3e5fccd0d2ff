"""Docker's remote IPAM protocol (docs.docker.com/engine/extend/plugins_network): the agent answers it from the ledger.

`messages` and `pool_ids` are pure; `book` is what this host remembers without Redis, `driver` decides, `server` is
the socket that dockerd calls.
"""
