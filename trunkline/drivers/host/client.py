"""One Docker API client. Its library's exceptions end here and become ours, with what to do about them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import docker
import docker.errors
import requests

from trunkline.orchestrator.errors import (
    AddressError,
    OrchestratorError,
    PermanentError,
    TransientError,
    Unreachable,
    Unsupported,
)

TIMEOUT_SECONDS = 30
LONGEST_WORDS = 300
OLDEST_API = "1.41"
"""Docker 20.10; spoken until the engine has said what it speaks."""
NOT_FOUND = 404
MISSING = re.compile(r"no such (container|network)|(container|network|endpoint) \S+ not found", re.IGNORECASE)
"""Only these words say that an object does not exist; 404 alone may come from a proxy or a wrong path."""

Result = TypeVar("Result")


class Gone(TransientError):
    """Docker says that there is no such thing: it was removed while we worked. The next pass sees that itself."""


REFUSALS: tuple[tuple[re.Pattern[str], type[PermanentError | TransientError], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind, fix)
    for pattern, kind, fix in (
        (
            r'plugin "?trunkline"? not found|trunkline\.sock',
            TransientError,
            "it gives Docker the addresses: start `trunkline agent` on this host",
        ),
        (r"remote: trunkline: address ", AddressError, "see `trunkline ip show`"),
        (r"remote: trunkline: ", TransientError, "see `trunkline status`"),
        (
            r"interface [^\n]*address already in use",
            PermanentError,
            "another interface on this link has the same MAC address; give the container another one",
        ),
        (
            r"does not belong to any of this network's subnets|no configured subnet",
            AddressError,
            "the inventory and the network name different subnets; the network is made anew once nothing uses it",
        ),
        (
            r"already using parent interface",
            PermanentError,
            "before Docker 27 a link takes one macvlan network; remove the other one",
        ),
        (
            r"vlan link: operation not supported",
            Unsupported,
            "run `modprobe 8021q`, and name it in /etc/modules-load.d",
        ),
        (
            r"not found on the host|invalid subinterface vlan name",
            PermanentError,
            "the link is not where dockerd runs; it and this worker need the same network namespace",
        ),
        (
            r"in private \(none\) mode|sharing network namespace",
            PermanentError,
            "start it without --network host, none or container:",
        ),
        (
            r"device or resource busy",
            PermanentError,
            "the link is a bridge port or carries ipvlan; macvlan needs it for itself",
        ),
    )
)
"""What Docker says when it refuses, whatever the status: many refusals come as 500."""


class Client:
    """Asks one engine. Connects on first use and again after a failure; 20.10 and newer.

    Args:
        url: Where the engine listens, ``unix:///var/run/docker.sock`` or ``tcp://...``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._api: Any = None  # APIClient; its stubs lag behind its API

    @property
    def subject(self) -> str:
        """How messages name this engine."""
        return f"docker {self.url}"

    def ask(self, question: Callable[[Any], Result], what: str, *, about: str = "") -> Result:
        """Ask the engine something.

        Args:
            question: Given the API client.
            what: Completes "could not", for messages.
            about: The object it is about, for messages; the engine itself when empty.

        Raises:
            Gone: Docker says that the object does not exist.
            Unreachable: no usable answer.
            PermanentError: Docker understood and refused.
        """
        try:
            return question(self._connected())
        except docker.errors.APIError as error:
            raise self._refusal(error, what, about or self.subject) from error
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            self.close()
            raise Unreachable(
                f"could not {what} ({type(error).__name__})",
                subject=self.subject,
                fix="is dockerd running, and may this process use its socket?",
            ) from error

    def post(self, path: str, body: Mapping[str, object], what: str, *, about: str = "") -> None:
        """Send a request that the library has no words for; errors as for ``ask``."""

        def send(api: Any) -> None:
            url = f"{api.base_url}/v{api.api_version}{path}"
            response = api.post(url, json=body, timeout=TIMEOUT_SECONDS)
            try:
                response.raise_for_status()
            except requests.HTTPError as error:
                raise docker.errors.create_api_error_from_http_exception(error) from error

        self.ask(send, what, about=about)

    def api_version(self) -> tuple[int, int]:
        """Tell the negotiated API version, e.g. (1, 41) for Docker 20.10."""
        major, minor = self.ask(lambda api: str(api.api_version), "tell its version").split(".")
        return int(major), int(minor)

    def open(self, path: str, parameters: Mapping[str, str], *, silence_seconds: float) -> requests.Response:
        """Open a stream; the engine has accepted it when this returns.

        Args:
            path: Below the API version, ``/events``.
            parameters: Of the query.
            silence_seconds: Reading fails when nothing comes for that long.
        """

        def get(api: Any) -> requests.Response:
            url = f"{api.base_url}/v{api.api_version}{path}"
            timeout = (TIMEOUT_SECONDS, silence_seconds)
            response: requests.Response = api.get(url, params=parameters, stream=True, timeout=timeout)
            response.raise_for_status()
            return response

        return self.ask(get, f"follow {path}")

    def _connected(self) -> Any:
        if self._api is None:
            # Not version="auto": that leaves its connection open when it fails.
            with contextlib.closing(self._opened(OLDEST_API)) as probe:
                version = str(probe.version(api_version=False).get("ApiVersion") or OLDEST_API)
            self._api = self._opened(version)
        return self._api

    def _opened(self, version: str) -> Any:
        return docker.APIClient(base_url=self.url, version=version, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        """Close what is open: the next question begins anew."""
        if self._api is not None:
            self._api.close()
            self._api = None

    def _refusal(self, error: docker.errors.APIError, what: str, about: str) -> OrchestratorError:
        said = str(error.explanation or error)
        words = printable(said)
        for pattern, kind, fix in REFUSALS:
            if pattern.search(said):
                return kind(f"Docker could not {what}: {words}", subject=about, fix=fix)
        if error.status_code == NOT_FOUND and MISSING.search(words):
            return Gone(f"Docker could not {what}: {words}", subject=about)
        if "marked for removal" in words:
            return Gone(f"is being removed: {words}", subject=about)
        if error.is_client_error() and error.status_code != NOT_FOUND:
            return PermanentError(
                f"Docker would not {what}: {words}", subject=about, fix="settle it on that host"
            )
        return Unreachable(f"Docker could not {what}: {words}", subject=about, fix="dockerd's log says why")


def printable(text: object) -> str:
    """Keep the printable ASCII of what an engine said, at most ``LONGEST_WORDS`` characters."""
    kept = "".join(character if " " <= character <= "~" else "?" for character in str(text).strip())
    return kept if len(kept) <= LONGEST_WORDS else f"{kept[: LONGEST_WORDS - 3]}..."
