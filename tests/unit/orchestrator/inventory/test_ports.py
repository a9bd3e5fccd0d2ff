from __future__ import annotations

import pytest

from trunkline.orchestrator.inventory.ports import canonical_port


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Gi1/0/3", "GigabitEthernet1/0/3"),
        ("gi1/0/3", "GigabitEthernet1/0/3"),
        ("g0/1", "GigabitEthernet0/1"),
        ("Gi 1/0/3", "GigabitEthernet1/0/3"),
        ("gigabitethernet1/0/3", "GigabitEthernet1/0/3"),
        ("GigabitEthernet1/0/3", "GigabitEthernet1/0/3"),
        ("Te1/1/1", "TenGigabitEthernet1/1/1"),
        ("Tw1/0/1", "TwoGigabitEthernet1/0/1"),
        ("Twe1/0/1", "TwentyFiveGigE1/0/1"),
        ("Fo1/1/1", "FortyGigabitEthernet1/1/1"),
        ("Hu1/0/49", "HundredGigE1/0/49"),
        ("Fa0/24", "FastEthernet0/24"),
        ("Po7", "Port-channel7"),
        ("port-channel7", "Port-channel7"),
        ("Eth1/3", "Ethernet1/3"),
        ("Gi1/1/0/2", "GigabitEthernet1/1/0/2"),
        ("Strange1/1", "Strange1/1"),
    ],
)
def test_a_cisco_port_gets_its_long_name(short: str, long: str) -> None:
    assert canonical_port(short, driver="cisco_ios") == long
    assert canonical_port(long, driver="cisco_ios") == long


@pytest.mark.parametrize(
    "text", ["", "Gi", "1/0/3", "Gi1/0/3 shutdown", "Gi1/0/3\nno vlan 10", "Gi1/0/3.7", "Vlan10", "t1/1"]
)
def test_what_is_no_cisco_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|name"):
        canonical_port(text, driver="cisco_ios")


@pytest.mark.parametrize("text", ["ge-0/0/1", "swp1", "Eth1/1:2", "Gi1/0/3", "eth0.5"])
def test_other_drivers_keep_their_names(text: str) -> None:
    assert canonical_port(text, driver="linux_bridge") == text


@pytest.mark.parametrize("text", ["", "swp1 up", "swp1;reboot", "-x", "ä1", "a" * 64])
def test_no_driver_takes_what_could_be_more_than_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a port name"):
        canonical_port(text, driver="linux_bridge")


@pytest.mark.parametrize(
    ("driver", "text", "name"),
    [
        ("cisco_nxos", "Eth1/1", "Ethernet1/1"),
        ("cisco_nxos", "ethernet1/1", "Ethernet1/1"),
        ("cisco_nxos", "Po10", "port-channel10"),
        ("cisco_nxos", "Port-channel10", "port-channel10"),
        ("arista_eos", "Et1", "Ethernet1"),
        ("arista_eos", "ethernet3/1/1", "Ethernet3/1/1"),
        ("arista_eos", "port-channel10", "Port-Channel10"),
        ("cisco_s300", "gi1", "gi1"),
        ("cisco_s300", "GigabitEthernet1/0/3", "gi1/0/3"),
        ("cisco_s300", "Te1/1", "te1/1"),
        ("cisco_s300", "po1", "Po1"),
    ],
)
def test_a_port_is_written_as_its_driver_prints_it(driver: str, text: str, name: str) -> None:
    assert canonical_port(text, driver=driver) == name


@pytest.mark.parametrize("driver", ["cisco_nxos", "arista_eos", "cisco_s300"])
def test_an_svi_is_no_port_on_any_driver(driver: str) -> None:
    with pytest.raises(ValueError, match="no cabled port"):
        canonical_port("Vlan10", driver=driver)
