"""Which addresses a webhook may have, and which of the internet's are public."""

from __future__ import annotations

import pytest

from trackflow_web.domain.webhooks import addresses
from trackflow_web.domain.webhooks.models import Kind
from trackflow_web.kernel.errors import Invalid

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450:4001::1")
# One or more of every class that is no other machine on the public internet.
INTERNAL = [
    "0.0.0.0",  # noqa: S104 -- nothing listens there
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
REFUSED = {
    "no scheme": "hooks.example.org/x",
    "another scheme": "ftp://hooks.example.org/",
    "a file": "file:///etc/passwd",
    "no TLS": "http://hooks.example.org/",
    "the port of mail": "https://hooks.example.org:25/",
    "the port of SSH": "https://hooks.example.org:22/",
    "port 0": "https://hooks.example.org:0/",
    "no port": "https://hooks.example.org:99999/",
    "a user": "https://user@hooks.example.org/",
    "a user and a password": "https://user:pass@hooks.example.org/",
    "an empty user": "https://@hooks.example.org/",
    "another host behind a user": "https://hooks.example.org@127.0.0.1/",
    "loopback": "https://127.0.0.1/",
    "an address": "https://93.184.216.34/",
    "an address of IPv6": "https://[::1]/",
    "a mapped address": "https://[::ffff:127.0.0.1]/",
    "hexadecimal": "https://0x7f.1/",
    "hexadecimal as a whole": "https://0x7f000001/",
    "decimal": "https://2130706433/",
    "octal": "https://0177.0.0.1/",
    "short": "https://127.1/",
    "with a dot at the end": "https://127.0.0.1./",
    "in a domain": "https://hooks.127/",
    "localhost": "https://localhost/",
    "localhost with a dot": "https://localhost./",
    "a name below localhost": "https://hooks.localhost/",
    "mDNS": "https://printer.local/",
    "of a cloud": "https://metadata.google.internal/",
    "one word": "https://intranet/",
    "an IDN look-alike": "https://disc\u043erd.com/api/webhooks/1/x",
    "full-width digits": "https://\uff11\uff12\uff17.0.0.1/",
    "a full-width dot": "https://127\u30020.0.1/",
    "white space": "https://hooks.example.org/a b",
    "a line break": "https://hooks.example.org/a\r\nHost: 127.0.0.1",
    "NUL": "https://hooks.example.org/\x00",
    "a backslash": "https://hooks.example.org\\@127.0.0.1/",
    "a fragment": "https://hooks.example.org/#x",
    "an empty label": "https://hooks..example.org/",
    "an underscore": "https://hooks_.example.org/",
    "a long label": f"https://{'a' * 64}.org/",
    "a long name": f"https://{'a.' * 130}org/",
    "too long": f"https://hooks.example.org/{'a' * 500}",
    "brackets": "https://[hooks.example.org]/",
    "an open bracket": "https://[/",
    "nothing": "",
    "none": None,
    "a list": ["https://hooks.example.org/"],
}
NOT_OF_DISCORD = (
    "https://discord.com/",
    "https://discord.com/api/webhooks/",
    "https://discord.com/api/webhooks/x/y",
    "https://discord.com/api/webhooks/1/token/../../users",
    "https://discord.com/api/webhooks/1/token?wait=true",
    "https://discord.com/api/v10/channels/1/messages",
    "https://discord.com:8443/api/webhooks/1/token",
    "https://discord.com.example.org/api/webhooks/1/token",
    "https://evildiscord.com/api/webhooks/1/token",
    "https://hooks.example.org/api/webhooks/1/token",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_another_machine_on_the_internet_is_public(address):
    assert addresses.is_public(address)


def test_no_class_of_internal_addresses_is_public(subtests):
    for address in INTERNAL:
        with subtests.test(address=address):
            assert not addresses.is_public(address)


def test_addresses_that_may_not_be_used_are_refused(subtests):
    for name, url in REFUSED.items():
        with subtests.test(name=name), pytest.raises(Invalid) as refusal:
            addresses.webhook_url(url, Kind.STANDARD)
        assert set(refusal.value.errors) == {"url"}


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org",
        "https://hooks.example.org/a?b=c&d=%20",
        "https://hooks.example.org:8443/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_a_full_name_with_tls_is_accepted(url):
    assert addresses.webhook_url(f" {url} ", Kind.STANDARD) == url


def test_discord_gets_addresses_of_discord_only(subtests):
    for url in NOT_OF_DISCORD:
        with subtests.test(url=url), pytest.raises(Invalid):
            addresses.webhook_url(url, Kind.DISCORD)
    for host in ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"):
        url = f"https://{host}/api/webhooks/123/to-ken_1"
        assert addresses.webhook_url(url, Kind.DISCORD) == url
    with pytest.raises(Invalid):
        addresses.webhook_url("https://discord.com/api/webhooks/1/t", Kind.STANDARD)


def test_this_machine_is_accepted_in_tests_only():
    url = "http://127.0.0.1:7350/hook"
    with pytest.raises(Invalid):
        addresses.webhook_url(url, Kind.STANDARD)
    assert addresses.webhook_url(url, Kind.STANDARD, loopback=True) == url
    for other in ("http://10.0.0.1/", "http://example.org/", "https://169.254.169.254/"):
        with pytest.raises(Invalid):
            addresses.webhook_url(other, Kind.STANDARD, loopback=True)


def test_only_the_end_of_an_address_is_shown():
    assert addresses.shown("https://discord.com/api/webhooks/1/secret-tail") == "discord.com/…tail"
    assert addresses.shown("https://hooks.example.org:8443/") == "hooks.example.org:8443/…"
