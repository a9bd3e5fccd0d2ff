"""One pass over one device: read desired state inside the lease, let a driver act, record what came back."""
