# A KrakenD 2 gateway whose backends can be AWS Lambda functions: examples/krakend2.
#
#   docker build -t krakend-lambda --build-arg VERSION=v1.5.0 .
#   docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -p 8080:8080 -v "$PWD/krakend.json:/etc/krakend/krakend.json:ro" krakend-lambda
#
# The image does not contain a krakend.json: mount one, or copy one in a Dockerfile that
# begins with this image. Leave out its "listen_ip", or set it to 0.0.0.0: on 127.0.0.1,
# requests from outside the container do not reach the gateway. To check krakend.json, add
# -check after the image's name.
#
# compose.yaml has the gateway with LocalStack.

# The build runs on the builder's own platform, and Go cross-compiles: no emulation is
# needed.
FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build
WORKDIR /src
COPY . .
ARG VERSION TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
	go build -C examples/krakend2 -trimpath -ldflags "-s -w -X main.version=$VERSION" -o ../../krakend .

# The gateway is one static file. Besides that, it only needs the certificates of public
# certificate authorities, to connect to AWS. They come from the build image. A base image
# with a distribution would have more packages to keep up to date.
FROM scratch
LABEL org.opencontainers.image.title="krakend-lambda" \
	org.opencontainers.image.description="KrakenD 2 with AWS Lambda functions as backends" \
	org.opencontainers.image.source="https://github.com/devopsfaith/krakend-lambda" \
	org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/krakend /usr/bin/
COPY LICENSE /

# Relative paths in krakend.json start here.
WORKDIR /etc/krakend

# A number, because Kubernetes' runAsNonRoot requires it. The gateway writes no files. The
# home of this user is /, so the shared AWS files are in /.aws.
USER 65532:65532

# A HEALTHCHECK would need another program in the image. Let the orchestrator send
# GET /__health to this port (Kubernetes: httpGet).
EXPOSE 8080
ENTRYPOINT ["/usr/bin/krakend"]
CMD ["-c", "/etc/krakend/krakend.json"]
