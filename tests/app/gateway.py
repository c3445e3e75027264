"""The console as API Gateway hands it on: a stage before every address, and the caller's own IP."""

from dataclasses import dataclass

from chalice.local import LambdaContext, LambdaEventConverter, RouteMatcher

from tests.app.browsing import Browser, Seen, read_page


@dataclass
class GatewayBrowser(Browser):
    """One person's browser, whose requests come through a stage of API Gateway."""

    stage: str = "/api"
    ip: str = "192.0.2.7"

    def _send(
        self, method: str, address: str, body: bytes, headers: dict[str, str], *, end: str = ""
    ) -> Seen:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {**headers, "x-forwarded-proto": "https", "cookie": cookies}
        path = address.removeprefix(self.stage)
        assert path != address, f"{address} has lost its stage"
        made = LambdaEventConverter(RouteMatcher(list(self.app.routes))).create_lambda_event(
            method, path, sent, body
        )
        context = made["requestContext"]
        context["path"] = self.stage + context["path"] + end
        context["identity"]["sourceIp"] = self.ip
        answer = self.app({**made, "body": body.decode()}, LambdaContext("api_handler", 1024))
        lines = answer.get("multiValueHeaders", {}).get("Set-Cookie", [])
        self._keep(lines)
        return read_page(answer["statusCode"], {**answer["headers"], "": lines}, answer["body"])
