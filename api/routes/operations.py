"""For those who run it: alive, ready, metrics. No key: they tell nothing of any account."""

from typing import Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from api.deps import MetricsDep, WatchDep
from api.problems import RETRY_AFTER_S, Refused, Trouble, documented
from api.schemas.problem import Kind, Readiness

router = APIRouter(tags=["operations"])

_METRICS = (
    "# TYPE promo_api_requests_total counter\n"
    'promo_api_requests_total{route="/v1/score",method="POST",status="200"} 5513.0\n'
)


@router.get(
    "/healthz", responses={200: {"content": {"application/json": {"example": {"alive": True}}}}}
)
async def alive() -> dict[Literal["alive"], bool]:
    """The process answers; it says nothing of its dependencies."""
    return {"alive": True}


@router.get("/readyz", responses=documented(Kind.NOT_READY))
async def ready(watch: WatchDep) -> Readiness:
    """Every dependency answers; else 503 names those that do not."""
    parts = dict(await watch.states())
    ill = [name for name, part in parts.items() if part.state != "up"]
    if ill:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise Refused(Trouble(Kind.NOT_READY, f"Ill: {', '.join(ill)}.", headers, parts=parts))
    return Readiness(parts=parts)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": _METRICS}}}},
)
async def metrics(kept: MetricsDep) -> Response:
    """Prometheus's text format."""
    return Response(kept.text(), media_type=CONTENT_TYPE_LATEST)
