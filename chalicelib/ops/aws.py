"""Clients of AWS, and which of its errors pass by themselves.

The clients come from botocore's own session: making those of DynamoDB, SQS and KMS through boto3
takes a sixth longer at every cold start, for resources and collections that we do not use.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

CONNECT_S = 2
READ_S = 5
ATTEMPTS_AT_MOST = 4  #: the first one included
CONNECTIONS_AT_MOST = 32  #: a worker's threads, each with sends or reads of its own

#: Error codes that mean "ask again later", beside every 429 and 5xx. SQS says some under older
#: names with a prefix ("KMS.ThrottlingException"), so a code is compared from its last dot on.
BUSY_CODES = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",  # ReceiveMessage: 120,000 messages are in flight
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class Clients:
    """The clients of one process: one session, each client made when it is first asked for.

    ``AWS_ENDPOINT_URL`` and the usual variables are read by botocore itself; ``options`` (region,
    credentials) overrule them.
    """

    def __init__(
        self, *, attempts: int = ATTEMPTS_AT_MOST, validates: bool = False, **options: str
    ) -> None:
        self._attempts = attempts
        self._validates = validates
        self._options = options
        self._lock = Lock()  # making a client is not safe between threads; using one is
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        """Return the client of ``dynamodb``, ``sqs``, ``kms`` …, the same each time."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        # Not at the top: whoever only asks what an error means loads no service models.
        from botocore.config import Config
        from botocore.session import Session

        if self._session is None:
            # At DEBUG botocore writes whole answers to the log, KMS's data keys among them.
            logging.getLogger("botocore").setLevel(logging.INFO)
            self._session = Session()
        config = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "total_max_attempts": self._attempts},
            max_pool_connections=CONNECTIONS_AT_MOST,
            # A tenth of a request's time; AWS judges too, and so do the tests of the adapters.
            parameter_validation=self._validates,
            tcp_keepalive=True,
        )
        return self._session.create_client(service, config=config, **self._options)


_CLIENTS = Clients()


def client(service: str) -> Any:
    """Return this process's client of a service."""
    return _CLIENTS.get(service)


@contextmanager
def raising_busy(busy: type[Exception]) -> Iterator[None]:
    """Raise ``busy`` instead of an error that passes by itself; other errors stay what they are.

    By then botocore has tried ``ATTEMPTS_AT_MOST`` times; whether a request was carried out that
    lost its answer is unknown.
    """
    try:
        yield
    except (ConnectionError, HTTPClientError) as error:
        raise busy(f"AWS cannot be reached: {type(error).__name__}") from error
    except ClientError as error:
        if not _is_busy(error.response):
            raise
        code = error.response["Error"].get("Code", "")
        raise busy(f"{error.operation_name} was refused for now: {code}") from error


def is_busy_code(code: str) -> bool:
    """Say whether an error code, of a request or of one entry of a batch, passes by itself."""
    return code.rpartition(".")[2] in BUSY_CODES


def _is_busy(response: Any) -> bool:
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = response.get("Error", {}).get("Code", "")
    return status == 429 or status >= 500 or is_busy_code(code)
