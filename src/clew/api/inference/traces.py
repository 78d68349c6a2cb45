"""Traces for OpenTelemetry: a span for each request, and in it one for the model's answer."""

from __future__ import annotations

from typing import Any

from clew import __version__
from clew.api.inference.watch import Seen
from clew.errors import MissingExtra

_FAULTS = ("5", "INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE")


class Traces:
    """Tells OpenTelemetry of every request; a caller's trace (``traceparent``) goes on in it.

    Where spans go, and which are kept, say OpenTelemetry's own variables
    (``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_TRACES_SAMPLER``, ``OTEL_SERVICE_NAME``, …).

    Parameters
    ----------
    exporter : SpanExporter, optional
        By default OTLP over HTTP.

    Raises
    ------
    MissingExtra
        When OpenTelemetry is not installed.
    """

    def __init__(self, exporter: Any = None) -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

            if exporter is None:
                from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

                exporter = OTLPSpanExporter()
        except ImportError as error:
            raise MissingExtra(
                "traces need OpenTelemetry", got=str(error), hint="pip install 'clew[otel]'"
            ) from error
        resource = Resource.create({"service.version": __version__})
        if resource.attributes.get("service.name", "").startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "clew serve"}))
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("clew.serve", __version__)
        self._context = TraceContextTextMapPropagator()
        self._api = trace

    def __call__(self, seen: Seen) -> None:
        """Make the spans of a request."""
        api = self._api
        over_http = {"http.request.method": seen.method, "url.path": seen.path}
        known: dict[str, Any] = {
            "client.address": seen.client,
            "clew.model": seen.model,
            "clew.version": seen.version,
            "clew.rows": seen.rows,
            "clew.prediction": seen.prediction,
            **(
                {**over_http, "http.response.status_code": int(seen.status)}
                if seen.protocol == "http"
                else {"rpc.system": "grpc", "rpc.method": seen.method}
            ),
        }
        span = self._tracer.start_span(
            f"{seen.method} {seen.model}".strip(),
            context=self._context.extract(seen.trace),
            kind=api.SpanKind.SERVER,
            start_time=seen.began_ns,
            attributes={name: value for name, value in known.items() if value not in ("", 0)},
        )
        if seen.status.startswith(_FAULTS):
            span.set_status(api.StatusCode.ERROR, seen.status)
        if seen.asked_ns:
            child = self._tracer.start_span(
                f"answer {seen.model}/{seen.version}",
                context=api.set_span_in_context(span),
                start_time=seen.asked_ns,
            )
            child.end(seen.answered_ns)
        span.end(seen.ended_ns)

    def close(self) -> None:
        """Send what is not sent yet."""
        self._provider.shutdown()
