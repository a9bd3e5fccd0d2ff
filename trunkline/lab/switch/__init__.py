"""A virtual switch: an IOS command line over real SSH, and the Linux bridge that does what it says."""
