# One image for every role; docker-compose.yml says which. Python packages come from the lock, checked by hash.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/trunkline
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN /opt/trunkline/bin/pip install --no-cache-dir --require-hashes --no-deps --requirement requirements/runtime.txt
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY trunkline trunkline
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
  && /opt/trunkline/bin/pip install --no-cache-dir --no-deps --no-index wheels/*.whl

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Trunkline" org.opencontainers.image.licenses="Apache-2.0"
# Switches behind a jump host are reached through `ssh`.
RUN apt-get update && apt-get install --yes --no-install-recommends openssh-client && rm -rf /var/lib/apt/lists/*
# The agent and the host worker change the machine's interfaces and so run as root with one capability;
# docker-compose.yml says so there, and only there.
RUN groupadd --gid 10001 trunkline \
  && useradd --uid 10001 --gid 10001 --home-dir /var/lib/trunkline --create-home --shell /usr/sbin/nologin trunkline
COPY --from=build /opt/trunkline /opt/trunkline
ENV PATH=/opt/trunkline/bin:$PATH PYTHONUNBUFFERED=1 TRUNKLINE_LOG_FORMAT=json
USER trunkline
WORKDIR /var/lib/trunkline
ENTRYPOINT ["trunkline"]
CMD ["--help"]
