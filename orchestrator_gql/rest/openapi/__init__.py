"""The REST API for remote teams as OpenAPI 3.1, made from the deployed workflows and the error types."""

from orchestrator_gql.rest.openapi.document import openapi_document, openapi_routes

__all__ = ["openapi_document", "openapi_routes"]
