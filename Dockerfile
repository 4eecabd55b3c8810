# The image of the Airbyte connector. Build it in the root of the repository:
#   docker build --tag airbyte/source-revops:0.1.0 .
FROM rust:1.95-slim-trixie AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY catalog catalog
COPY sandbox sandbox
COPY src src
# The commit that the version names: --build-arg COMMIT="$(git rev-parse HEAD)"
ARG COMMIT=""
# Messages of panics name source files, by names that do not depend on this build.
RUN TAP_REVOPS_BUILD_COMMIT="$COMMIT" \
    RUSTFLAGS="--remap-path-prefix=/build=tap-revops --remap-path-prefix=$CARGO_HOME=cargo" \
    cargo build --release --locked --bin source-revops

# The platform runs connectors in a shell and moves files in their container, so the image needs sh,
# sleep and mv. The connector needs the certificates for HTTPS.
FROM debian:trixie-slim
# No version is pinned, so that the certificates are the newest of the base image's release.
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
