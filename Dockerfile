# The server, its workers and its migrations in one image, from the wheel; see docs/howto/install.md.
FROM node:20-slim AS dashboard
WORKDIR /dashboard
COPY frontend-example/package.json frontend-example/package-lock.json frontend-example/.npmrc ./
RUN npm ci --no-fund --no-audit
COPY frontend-example .
RUN npm run build

FROM python:3.13-slim AS wheel
WORKDIR /source
COPY requirements-release.txt .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements-release.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY orchestrator_gql orchestrator_gql
COPY --from=dashboard /dashboard/dist frontend-example/dist
RUN python -m build --wheel --no-isolation --outdir /wheels

FROM python:3.13-slim AS installed
COPY requirements-postgres.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-postgres.txt
COPY --from=wheel /wheels /wheels
RUN /venv/bin/pip install --no-cache-dir --no-deps /wheels/*.whl && /venv/bin/pip check

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home orchestrator && install --directory --owner=10001 /data
COPY --from=installed /venv /venv
# The port is the one that the health check asks. Without another database there is a SQLite file, in a volume.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 \
    ORCHESTRATOR_PORT=8000 ORCHESTRATOR_DATABASE_URL=sqlite+aiosqlite:////data/orchestrator.db
VOLUME ["/data"]
EXPOSE 8000
# Modules that lie here can be named after --workflows.
WORKDIR /workflows
USER 10001
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['ORCHESTRATOR_PORT']}/health/ready\", timeout=5)"]
ENTRYPOINT ["orchestrator-gql"]
CMD ["--help"]
