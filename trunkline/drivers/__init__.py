"""Changes the world: switches over SSH, links over netlink, networks over the Docker API."""
