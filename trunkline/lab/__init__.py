"""A virtual switch, lab hosts and the kernel they run in; the demo."""
