"""Which words of a configuration are kept, and which are not."""

from __future__ import annotations

import pytest

from trunkline.orchestrator.redaction import redact

SECRETS = [
    ("enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "enable secret <removed>"),
    ("enable secret 9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZ", "enable secret <removed>"),
    ("enable password cisco", "enable password <removed>"),
    ("username admin privilege 15 password 7 0822455D0A16", "username admin privilege 15 password <removed>"),
    ("username admin privilege 15 secret 8 $8$abc$def", "username admin privilege 15 secret <removed>"),
    (
        "username admin role network-admin password 5 $5$x$y",
        "username admin role network-admin password <removed>",
    ),
    ("snmp-server community s3cr3t RO 10", "snmp-server community <removed>"),
    ("snmp-server host 192.0.2.9 version 2c s3cr3t", "snmp-server host 192.0.2.9 <removed>"),
    ("snmp-server user op grp v3 auth sha s3cr3t priv aes 128 s3cr3t", "snmp-server user op <removed>"),
    ("snmp-agent community read cipher s3cr3t", "snmp-agent community <removed>"),
    ('snmp-server community "s3cr3t" unrestricted', "snmp-server community <removed>"),
    ("tacacs-server key 7 s3cr3t", "tacacs-server key <removed>"),
    ("radius server r1\n key s3cr3t", "radius server r1\n key <removed>"),
    (" neighbor 192.0.2.1 password 7 s3cr3t", " neighbor 192.0.2.1 password <removed>"),
    (" ip ospf message-digest-key 1 md5 7 s3cr3t", " ip ospf message-digest-key <removed>"),
    (" ip ospf authentication-key s3cr3t", " ip ospf authentication-key <removed>"),
    (" standby 1 authentication md5 key-string s3cr3t", " standby 1 authentication <removed>"),
    ("  key-string 7 s3cr3t", "  key-string <removed>"),
    ("crypto isakmp key s3cr3t address 0.0.0.0", "crypto isakmp key <removed>"),
    (" pre-shared-key s3cr3t", " pre-shared-key <removed>"),
    (" wpa-psk ascii 0 s3cr3t", " wpa-psk <removed>"),
    (" security wpa psk set-key ascii 0 s3cr3t", " security wpa psk <removed>"),
    (" password irreversible-cipher $1a$s3cr3t", " password <removed>"),
    (' encrypted-password "$6$s3cr3t"; ## SECRET-DATA', " encrypted-password <removed>"),
    ("set system root-authentication encrypted-password x", "set system root-authentication <removed>"),
    ("set snmp community s3cr3t authorization read-only", "set snmp community <removed>"),
    ("crypt_password = s3cr3t", "crypt_password <removed>"),
    ('password: "s3cr3t"', "password: <removed>"),
    ("event manager environment _smtp_pwd s3cr3t", "event manager environment _smtp_pwd <removed>"),
    (" exec TerminAttr -ingestauth=key,s3cr3t -taillogs", " exec TerminAttr -ingestauth=<removed>"),
    (" exec TerminAttr -cvauth=token-secure,s3cr3t", " exec TerminAttr -cvauth=<removed>"),
    ("psk=s3cr3t", "psk=<removed>"),
    ('[{"ikey":"s3cr3t","a":1},{"psk": 7,"b":2}]', '[{"ikey":"<removed>","a":1},{"psk": "<removed>","b":2}]'),
    (r'{"password":"s3c\"s3cr3t","b":2}', '{"password":"<removed>","b":2}'),
    ('"password":"s3cr3t', '"password":<removed>'),
    ("<password>s3cr3t</password>", "<password><removed>"),
    ("Key:s3cr3t", "Key:<removed>"),
    ("notify https://192.0.2.3/x?token=s3cr3t&y=1", "notify https://192.0.2.3/x?token=<removed>"),
    (" path ftp://me:p@s3cr3t@192.0.2.3/x", " path ftp://me:<removed>@192.0.2.3/x"),
    (" path ftp://me:p/s3cr3t@192.0.2.3/x", " path ftp://me:<removed>@192.0.2.3/x"),
    (" wep key1 s3cr3t", " wep key1 <removed>"),
    (" mka ckn 11 cak s3cr3t", " mka ckn 11 cak <removed>"),
    (
        "snmp-agent trap address udp-domain 192.0.2.9 params securityname s3cr3t",
        "snmp-agent trap address <removed>",
    ),
    ("set snmp trap-group s3cr3t targets 192.0.2.9", "set snmp trap-group <removed>"),
    ("unnamed $1$mERr$hx5rVt7rPNoS4wqbXKX7m0 end", "unnamed <removed> end"),
    ("archive\n path ftp://me:s3cr3t@192.0.2.3/x", "archive\n path ftp://me:<removed>@192.0.2.3/x"),
    (
        "a\n-----BEGIN RSA PRIVATE KEY-----\ns3cr3t\n-----END RSA PRIVATE KEY-----\nb",
        "a\n<removed>\nb",
    ),
]
HARMLESS = [
    "interface GigabitEthernet1/0/1",
    " switchport trunk allowed vlan 10,20,100",
    " ip address 172.31.0.1 255.255.0.0",
    " description monkey island",
    " no ip address",
    "service password-encryption",
    "vlan 10\n name tl-web",
    "! show running-config interface GigabitEthernet1/0/1",
    " switchport port-security maximum 2",
    "snmp-server location rack 7",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    " ip route 0.0.0.0 0.0.0.0 192.0.2.1 name keyboard",
    "interface Ethernet1/1\n  no authentication",
    "boot system flash:monkey.bin",
    "ip host monkey.example.net 192.0.2.1",
    " description https://192.0.2.3/x at rack:7",
    '[{"ifname":"br0","info_data":{"mcast_hash_max":4096,"xmit_hash_policy":"layer2"}}]',
    "",
    "\n\n",
]


@pytest.mark.parametrize(("line", "kept"), SECRETS)
def test_a_secret_is_removed_and_the_words_before_it_stay(line: str, kept: str) -> None:
    assert redact(line) == kept


@pytest.mark.parametrize("text", HARMLESS)
def test_what_names_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "part",
    [
        "_",
        "-",
        "a-",
        "a_",
        "key-",
        "key_",
        ".",
        "$1$",
        "snmp ",
        " ",
        "://a:",
        "://a:@",
        "key=",
        "_key",
        "<key",
        "-auth",
    ],
)
def test_a_hostile_line_takes_no_time(part: str) -> None:
    line = part * 4000

    assert redact(f"{line}\n{line}!").count("\n") == 1


def test_a_private_key_that_does_not_end_takes_the_rest_with_it() -> None:
    assert redact("a\n-----BEGIN PRIVATE KEY-----\ns3cr3t\ns3cr3t") == "a\n<removed>"


@pytest.mark.parametrize("line", [line for line, _ in SECRETS])
def test_redacting_again_changes_nothing_and_case_does_not_matter(line: str) -> None:
    assert redact(redact(line)) == redact(line)
    assert "S3CR3T" not in redact(line.upper())
    assert "s3cr3t" not in redact(f"{line}\r")
