# The worker as an image: `docker build -t chartmogul-sync .`
# PYTHON_VERSION is the Python inside; EXTRAS are the warehouses it reads besides SQLite, such as `postgres,snowflake`.
# BASE is what it stands on; a digest pins it for good: --build-arg BASE=python:3.13-slim@sha256:…
# VERSION and REVISION are for the labels: --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)"
ARG PYTHON_VERSION=3.13
ARG BASE=python:${PYTHON_VERSION}-slim

FROM ${BASE} AS build
ARG EXTRAS=postgres
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY requirements requirements
# The environment itself needs no pip, so it gets none: it is filled from outside, with the locked versions alone.
RUN for part in run $(echo "$EXTRAS" | tr ',' ' '); do set -- "$@" --requirement "requirements/$part.txt"; done \
 && python3 -m venv --without-pip /opt/sync \
 && python3 -m pip --no-cache-dir install --require-hashes --requirement requirements/build.txt \
 && python3 -m pip --no-cache-dir --python /opt/sync/bin/python3 install --require-hashes "$@" \
 # Country names in other languages are a fifth of the whole, and of no use here.
 && rm -r /opt/sync/lib/python3*/site-packages/pycountry/locales
COPY pyproject.toml README.md LICENSE ./
COPY mappings mappings
COPY sync sync
RUN python3 -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python3 -m pip --python /opt/sync/bin/python3 install --no-deps /wheels/*.whl

FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="chartmogul-sync" \
      org.opencontainers.image.description="Keeps ChartMogul true to the warehouse" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
# Volumes made of these folders get their owner. Group 0 may write as well, for platforms that choose the user, and what
# one user of the group writes there the next one may go on with.
RUN install -d -o 10001 -g 0 -m 0770 /state /reports && install -d /mappings
COPY --from=build /opt/sync /opt/sync
# glibc keeps memory for each thread that has ever asked for some, which only adds up where one runs at a time.
ENV PATH=/opt/sync/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    HOME=/state \
    SYNC_STATE_URL=sqlite:////state/state.db \
    SYNC_REPORTS=/reports
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
# From here `mappings`, the default of every command, is /mappings.
WORKDIR /
# For `schedule --port 8080`: whether the process is stuck, not whether its mappings are well, which a restart would not
# mend. Commands that serve nothing there are left alone.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["python3", "-c", "\
import sys, urllib.error, urllib.request\n\
try: urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=5)\n\
except urllib.error.HTTPError: sys.exit(1)\n\
except urllib.error.URLError as error: sys.exit(not isinstance(error.reason, ConnectionRefusedError))"]
ENTRYPOINT ["chartmogul-sync"]
CMD ["run"]
