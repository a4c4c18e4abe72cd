# The program, and nothing else: no shell, no package manager, nobody but the user 65532.
#
#   make image                                                               # for this machine
#   docker buildx build --platform linux/amd64,linux/arm64 --tag IMAGE .     # for both
#
# The compiler runs on the machine that builds, whatever it builds for.
ARG RUST_VERSION=1.95.0
FROM --platform=$BUILDPLATFORM docker.io/library/rust:${RUST_VERSION}-slim-bookworm AS build
# amd64 or arm64. BuildKit, podman and buildah set it.
ARG TARGETARCH
WORKDIR /src
# glibc is linked in, not musl: it is what every test runs on, and Debian has it and its compilers for both architectures.
# From 2.34 on it looks names up without loading anything.
RUN set -eu; \
    case "${TARGETARCH:=$(dpkg --print-architecture)}" in \
        amd64) triple=x86_64-linux-gnu rust=x86_64-unknown-linux-gnu ;; \
        arm64) triple=aarch64-linux-gnu rust=aarch64-unknown-linux-gnu ;; \
        *) echo "no image for $TARGETARCH" >&2; exit 1 ;; \
    esac; \
    packages="ca-certificates gcc libc6-dev"; \
    if [ "$TARGETARCH" != "$(dpkg --print-architecture)" ]; then \
        packages="$packages gcc-$(echo "$triple" | tr _ -) libc6-dev-$TARGETARCH-cross"; \
    fi; \
    apt-get update; \
    apt-get install --yes --no-install-recommends $packages; \
    rm -rf /var/lib/apt/lists/*; \
    rustup target add "$rust"; \
    printf 'export CC_%s=%s-gcc CARGO_TARGET_%s_LINKER=%s-gcc\nrust=%s\n' \
        "$(echo "$rust" | tr - _)" "$triple" "$(echo "$rust" | tr a-z- A-Z_)" "$triple" "$rust" >/target.env
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY examples/presets examples/presets
COPY src src
RUN . /target.env && \
    RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --bin stanchion --target "$rust" && \
    install -D "target/$rust/release/stanchion" /image/stanchion && \
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="Stanchion" \
      org.opencontainers.image.description="Keeps security guardrails standing: tiers, staged rollout, exceptions that end" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The certificate authorities are for collectors of traces that are reached by https.
COPY --from=build /image /
USER 65532:65532
EXPOSE 8080 9443
ENTRYPOINT ["/stanchion"]
CMD ["run"]
