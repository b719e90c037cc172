# syntax=docker/dockerfile:1
# The server alone, as one program on a small Debian. Builds from the committed lock file.
#
#   docker build -t relais .
#   docker run --read-only --tmpfs /tmp -v relais-data:/var/lib/relais -v ./relais.toml:/etc/relais/relais.toml:ro \
#     -p 443:8443 relais

FROM rust:1.95-slim-trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev perl pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --package relais-server --bin relais \
 && install -D target/release/relais /out/relais

FROM debian:trixie-slim
# libssl3: SQLCipher encrypts its pages with libcrypto. ca-certificates: outgoing e-mail over TLS.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl3t64 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/relais --shell /usr/sbin/nologin relais \
 && install -d -o relais -g relais -m 0700 /var/lib/relais
COPY --from=build /out/relais /usr/local/bin/relais
COPY LICENSE /usr/share/doc/relais/LICENSE
USER 10001:10001
WORKDIR /var/lib/relais
VOLUME ["/var/lib/relais"]
EXPOSE 8443
# The program asks its own /healthz: the image needs no other tool for it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["/usr/local/bin/relais", "health", "--config", "/etc/relais/relais.toml"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/relais"]
CMD ["serve", "--config", "/etc/relais/relais.toml"]
