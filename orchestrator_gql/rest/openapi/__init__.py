"""What a remote team needs to know, as OpenAPI 3.1: made of the deployed workflows, and of the errors as they are."""

from orchestrator_gql.rest.openapi.document import openapi_document, openapi_routes

__all__ = ["openapi_document", "openapi_routes"]
