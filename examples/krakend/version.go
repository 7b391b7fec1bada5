package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/devopsfaith/krakend/core"
	"github.com/devopsfaith/krakend/transport/http/server"
)

// version is set when a release is built: -ldflags "-X main.version=v1.5.0".
var version string

// about describes this build: the release, or the commit if Go knows it, and the versions of
// KrakenD's framework and of Go.
func about() string {
	build, of := versions()
	return fmt.Sprintf("krakend-lambda %s, %s %s, %s %s/%s", cmp.Or(version, build), framework, of, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versions returns the versions of this build and of KrakenD's framework, or "" if Go does not know them.
func versions() (build, of string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", ""
	}
	for _, dep := range info.Deps {
		if dep.Path == framework {
			of = dep.Version
		}
	}
	return info.Main.Version, of
}

// tellVersion makes KrakenD tell the version of its framework: in X-Krakend to clients, and in
// User-Agent and X-Forwarded-Via to backends. A version that -ldflags has set, as KrakenD-CE's
// Makefile does, stays.
func tellVersion() {
	_, of := versions()
	if of == "" || core.KrakendVersion != "undefined" {
		return
	}
	core.KrakendVersion = strings.TrimPrefix(of, "v")
	core.KrakendHeaderValue = "Version " + core.KrakendVersion
	core.KrakendUserAgent = "KrakenD " + core.KrakendHeaderValue
	server.UserAgentHeaderValue[0] = core.KrakendUserAgent // the routers have the same slice
}
