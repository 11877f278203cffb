"""Requests to addresses of users: what is reached, and what is not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.receiver import receiving
from trackflow_web.adapters import outbound
from trackflow_web.adapters.outbound import GuardedSender
from trackflow_web.domain.webhooks.ports import Outgoing, SendError

PUBLIC = "93.184.216.34"
NAME = "hooks.example.org"


def post(url, body=b"{}"):
    return Outgoing(url, {"content-type": "application/json"}, body)


@pytest.fixture
def receiver():
    with receiving() as there:
        yield there


@contextmanager
def serving(*pieces, pause=0.0, tls=None):
    """A server that answers each request with bytes, one piece after the other."""
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    heard = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:  # closed: the end
                return
            with connection, contextlib.suppress(OSError):
                _answer(connection)

    def _answer(connection):
        if tls is not None:
            with tls.wrap_socket(connection, server_side=True) as secret:
                heard.append(_request(secret))
                secret.sendall(b"".join(pieces))
            return
        heard.append(_request(connection))
        for piece in pieces:
            connection.sendall(piece)
            if stop.wait(pause):
                return
        _close(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], heard
    finally:
        stop.set()
        server.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection
        server.close()
        thread.join()


def _request(connection):
    """All of a request: whoever closes a connection with unread bytes resets it."""
    request = b""
    while not request.endswith(b"{}") and (more := connection.recv(65536)):
        request += more
    return request


def _close(connection):
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def refusal(sender, url):
    with pytest.raises(SendError) as raised:
        sender.send(post(url))
    return str(raised.value)


def test_a_listener_on_this_machine_is_never_reached(receiver, subtests):
    """With the switch of tests the same request arrives: it is the guard that stops it."""
    for url in (receiver.address, receiver.address.replace("127.0.0.1", "localhost")):
        with subtests.test(url=url):
            assert refusal(GuardedSender(), url) == outbound.NOT_ALLOWED
    assert receiver.received == []
    assert GuardedSender(loopback=True).send(post(receiver.address)).status == 204
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
        ["100.64.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC, "fe80::1%eth0"],
    ],
)
def test_a_name_that_leads_inside_is_not_connected_to(found):
    """One internal address among several is enough."""

    def connect(*_arguments):
        pytest.fail("connected")

    for loopback in (False, True):
        sender = GuardedSender(loopback=loopback, resolve=lambda *_: found, connect=connect)
        assert refusal(sender, f"https://{NAME}/") == outbound.NOT_PUBLIC


def test_a_name_that_changes_between_two_look_ups_changes_nothing():
    """It is looked up once, and the connection goes to the address that was checked."""
    answers = [[PUBLIC], ["127.0.0.1"]]
    connected = []

    def connect(address, port, _timeout):
        connected.append((address, port))
        raise ConnectionRefusedError

    sender = GuardedSender(resolve=lambda *_: answers.pop(0), connect=connect)
    assert refusal(sender, f"https://{NAME}:8443/") == outbound.NO_CONNECTION
    assert connected == [(PUBLIC, 8443)]
    assert refusal(sender, f"https://{NAME}/") == outbound.NOT_PUBLIC
    assert len(connected) == 1


def test_a_redirect_is_an_answer_and_not_followed(receiver):
    receiver.answer(302, Location="http://169.254.169.254/latest/meta-data/")
    answer = GuardedSender(loopback=True).send(post(receiver.address))
    assert answer.status == 302
    assert len(receiver.received) == 1


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.address)
    sender = GuardedSender(resolve=lambda *_: [PUBLIC], connect=_unreachable)
    assert refusal(sender, f"https://{NAME}/") == outbound.NO_CONNECTION
    assert receiver.received == []


def _unreachable(*_arguments):
    raise OSError


@pytest.mark.parametrize("url", ["https://user:pass@hooks.example.org/", "https://x.example:25/"])
def test_an_address_that_was_stored_is_checked_again(url):
    assert refusal(GuardedSender(), url) == outbound.NOT_ALLOWED


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200 OK\r\n", *(b"X",) * 50),
        (b"H",) * 50,
        (b"HTTP/1.1 100 Continue\r\n\r\n",) * 50,
    ],
)
def test_whoever_answers_slowly_is_left_alone_in_the_end(pieces):
    """A byte now and then does not start the time again."""
    with serving(*pieces, b"", pause=0.05) as (port, _):
        sender = GuardedSender(loopback=True, total=0.3)
        assert refusal(sender, f"http://127.0.0.1:{port}/") in {
            outbound.TIMED_OUT,
            outbound.BROKEN,
            outbound.NOT_HTTP,
        }


def test_a_body_that_never_ends_is_not_read():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"
    with serving(head, *(b"x" * 65536,) * 50) as (port, _):
        answer = GuardedSender(loopback=True).send(post(f"http://127.0.0.1:{port}/"))
    assert answer.status == 200
    assert len(answer.body) == outbound.MOST_KEPT


def test_a_body_may_come_later_than_the_headers():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    with serving(head, b"late", pause=0.02) as (port, _):
        answer = GuardedSender(loopback=True).send(post(f"http://127.0.0.1:{port}/"))
    assert answer.body == b"late"


def test_the_status_counts_even_if_the_body_comes_too_slowly():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    with serving(head, *(b"x",) * 99, pause=0.05) as (port, _):
        answer = GuardedSender(loopback=True, total=0.3).send(post(f"http://127.0.0.1:{port}/"))
    assert answer.status == 200


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", outbound.NOT_HTTP),
        (b"\x00" * 100, outbound.NOT_HTTP),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, outbound.NOT_HTTP),
        (b"HTTP/1.1 100 C\r\n\r\n" * 9_000, outbound.TOO_LONG),
    ],
)
def test_what_is_no_answer_is_an_error(answer, message):
    with serving(answer) as (port, _):
        assert refusal(GuardedSender(loopback=True), f"http://127.0.0.1:{port}/") == message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for the name, and the files that a server reads."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls_checks_the_name_and_the_host_is_that_name(certificate):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate)
    with serving(b"HTTP/1.1 204 No Content\r\n\r\n", tls=server) as (port, heard):

        def connect(address, _port, timeout):
            assert address == PUBLIC
            return socket.create_connection(("127.0.0.1", port), timeout)

        def sender(tls):
            return GuardedSender(resolve=lambda *_: [PUBLIC], connect=connect, tls=tls)

        assert sender(trusting).send(post(f"https://{NAME}:8443/a?b")).status == 204
        assert heard[0].startswith(b"POST /a?b HTTP/1.1\r\n")
        assert f"host: {NAME}:8443\r\n".encode() in heard[0].lower()
        assert refusal(sender(trusting), "https://other.example.org/") == outbound.NO_TLS
        assert refusal(sender(ssl.create_default_context()), f"https://{NAME}/") == outbound.NO_TLS


def test_the_names_of_a_request_are_not_in_its_repr():
    request = Outgoing("https://discord.com/api/webhooks/1/secret", {"a": "secret"}, b"secret")
    assert "secret" not in repr(request)
