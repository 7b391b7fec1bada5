# A KrakenD 2 gateway whose backends can be AWS Lambda functions: examples/krakend2.
#
#   docker build -t krakend-lambda --build-arg VERSION=v1.5.0 .
#   docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -p 8080:8080 -v "$PWD/krakend.json:/etc/krakend/krakend.json:ro" krakend-lambda
#
# There is no krakend.json in the image: mount one, or copy one in a Dockerfile that
# begins with this image. It must have no "listen_ip", or 0.0.0.0: on 127.0.0.1 nobody
# outside the container reaches the gateway. With -check after the image's name, the same
# command says what is wrong with it.
#
# compose.yaml has the gateway with LocalStack.

# Go builds for every platform on the builder's own: nothing is emulated.
FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build
WORKDIR /src
COPY . .
ARG VERSION TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
	go build -C examples/krakend2 -trimpath -ldflags "-s -w -X main.version=$VERSION" -o ../../krakend .

# The gateway is one static file. All it needs beside it are the certificates of those
# who vouch for AWS, and these come with the builder. An image with a distribution in it,
# even a small one, would only be more to keep up to date.
FROM scratch
LABEL org.opencontainers.image.title="krakend-lambda" \
	org.opencontainers.image.description="KrakenD 2 with AWS Lambda functions as backends" \
	org.opencontainers.image.source="https://github.com/devopsfaith/krakend-lambda" \
	org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/krakend /usr/bin/
COPY LICENSE /

# Relative paths in krakend.json begin here.
WORKDIR /etc/krakend

# A number: Kubernetes' runAsNonRoot asks for one. The gateway writes no files. With
# this user's home, /, shared AWS files are at /.aws.
USER 65532:65532

# There is no HEALTHCHECK: it would need a program in the image that asks. Have the
# orchestrator ask GET /__health on this port (Kubernetes: httpGet).
EXPOSE 8080
ENTRYPOINT ["/usr/bin/krakend"]
CMD ["-c", "/etc/krakend/krakend.json"]
