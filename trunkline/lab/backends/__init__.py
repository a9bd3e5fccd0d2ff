"""The ways to get a kernel with 802.1Q, macvlan and VLAN-aware bridges: native, uml, qemu."""
