"""A Docker host: its 802.1Q links over netlink, its macvlan networks and endpoints over the Docker API."""
