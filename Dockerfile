# syntax=docker/dockerfile:1
#
# The exporter as an image: one static binary, no shell, not root.
#
#   docker build -t huggingface_exporter .
#   docker run -p 10061:10061 -v hf-data:/data huggingface_exporter
#
# The target "demo" is for compose.yaml: the exporter with a shell, the demo data
# and the made-up Hub.

# Pinned by tag. The Go is that of go.mod.
FROM --platform=$BUILDPLATFORM golang:1.26.7-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY cmd cmd
COPY exporter exporter
COPY internal internal
ARG TARGETOS TARGETARCH
# What the program says of itself: make stack passes tag, commit, branch and date.
ARG VERSION=devel REVISION=unknown BRANCH=unknown BUILD_DATE=unknown
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
	-ldflags "-s -w -X github.com/prometheus/common/version.Version=${VERSION#v} -X github.com/prometheus/common/version.Revision=${REVISION} \
	-X github.com/prometheus/common/version.Branch=${BRANCH} -X github.com/prometheus/common/version.BuildUser=docker \
	-X github.com/prometheus/common/version.BuildDate=${BUILD_DATE}" \
	-o /out/huggingface_exporter ./cmd/huggingface_exporter
# The folder of the history, owned by who runs in the image: a new volume takes that over.
RUN mkdir -p /out/data

FROM build AS build-demo
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -o /out/fakehub ./internal/fakehub/cmd/fakehub

FROM alpine:3.22.1 AS demo
COPY --from=build-demo /out/huggingface_exporter /out/fakehub /usr/local/bin/
COPY scripts/demo-data.sh scripts/demo-samples.sh /usr/local/bin/
RUN mkdir /demo && chown 65532:65532 /demo
USER 65532:65532
VOLUME /demo
CMD ["demo-data.sh", "/usr/local/bin/huggingface_exporter", "/demo"]

FROM gcr.io/distroless/static-debian12:nonroot AS exporter
COPY --from=build /out/huggingface_exporter /usr/bin/huggingface_exporter
COPY --from=build --chown=65532:65532 /out/data /data
COPY LICENSE /LICENSE
USER 65532:65532
VOLUME /data
EXPOSE 10061
ENTRYPOINT ["/usr/bin/huggingface_exporter"]
HEALTHCHECK CMD ["/usr/bin/huggingface_exporter", "healthcheck"]
CMD ["serve", "--storage.path=/data"]
