# The server, its workers and its migrations in one image; see docs/howto/deploy-on-postgresql.md.
FROM node:20-slim AS dashboard
WORKDIR /dashboard
COPY frontend-example/package.json frontend-example/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY frontend-example .
RUN npm run build

FROM python:3.11-slim AS installed
WORKDIR /source
RUN python -m venv /venv
COPY requirements-postgres.txt .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-postgres.txt
COPY pyproject.toml README.md LICENSE ./
COPY orchestrator_gql orchestrator_gql
COPY --from=dashboard /dashboard/dist frontend-example/dist
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home orchestrator
COPY --from=installed /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
# Modules that lie here can be named after --workflows.
WORKDIR /workflows
USER orchestrator
ENTRYPOINT ["orchestrator-gql"]
CMD ["--help"]
