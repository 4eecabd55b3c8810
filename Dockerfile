# The Airbyte connector as an image. Build it at the root of the repository:
#   docker build --tag airbyte/source-revops:0.1.0 .
FROM rust:1.95-slim-trixie AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY catalog catalog
COPY sandbox sandbox
COPY src src
RUN cargo build --release --locked --bin source-revops

# The platform starts connectors through a shell and moves files beside them, so an image needs sh,
# sleep and mv. The certificates are for the APIs.
FROM debian:trixie-slim
# The version of the certificates is the newest of the base image's release, which is what one wants.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1000 airbyte \
    && useradd --uid 1000 --gid 1000 --home-dir /airbyte --create-home --shell /bin/sh airbyte \
    && mkdir --parents /secrets /config \
    && chown 1000:1000 /airbyte /secrets /config
COPY --from=build /build/target/release/source-revops /airbyte/source-revops
USER 1000:1000
WORKDIR /airbyte
ENV AIRBYTE_ENTRYPOINT="/airbyte/source-revops"
ENTRYPOINT ["/airbyte/source-revops"]
LABEL io.airbyte.name="airbyte/source-revops" \
      io.airbyte.version="0.1.0" \
      org.opencontainers.image.source="https://github.com/tap-revops/tap-revops" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"
