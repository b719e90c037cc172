# syntax=docker/dockerfile:1
# The server with its web client, as one program on a small Debian. Builds from the committed lock file.
#
#   docker build -t relais .
#   docker run --stop-timeout 45 --read-only --tmpfs /tmp -v relais-data:/var/lib/relais -p 127.0.0.1:8080:8080 \
#     -e RELAIS_SERVER_ORIGIN=https://relais.example.org -e RELAIS_MAIL_HOST=mail.example.org relais
#
# It speaks plain HTTP to a proxy beside it that speaks TLS. Every option of config/relais.toml can be set in the
# environment. Keys and data are two folders of the volume; back them up apart.

FROM node:24-trixie-slim AS web
WORKDIR /source/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN --mount=type=cache,target=/cache/npm npm ci --cache /cache/npm
COPY web ./
RUN npm run build

FROM rust:1.95-slim-trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev perl pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
COPY --from=web /source/web/dist web/dist
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
ENV RELAIS_SERVER_LISTEN=0.0.0.0:8080 \
    RELAIS_DATA_DIR=/var/lib/relais/data \
    RELAIS_DATA_KEYS_DIR=/var/lib/relais/keys
EXPOSE 8080
# The program asks itself: the image needs no other tool for it.
HEALTHCHECK --interval=30s --timeout=8s --start-period=20s --retries=3 \
  CMD ["/usr/local/bin/relais", "health", "http://127.0.0.1:8080"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/relais"]
CMD ["serve"]
