# syntax=docker/dockerfile:1
# The operator on a distroless base: no shell, no package manager, not root.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches stay on the building machine; the binary is copied out because a cache is no part of the layer.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked -p guarantor \
 && cp target/release/guarantor /guarantor

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /guarantor /guarantor
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/guarantor"]
CMD ["run"]
