package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set when a release is built: -ldflags "-X main.version=v1.5.0".
var version string

// about describes this build: the release, or the commit if Go knows it, and the versions of
// KrakenD's framework and of Go.
func about(framework string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	of := framework
	for _, dep := range info.Deps {
		if dep.Path == framework {
			of += " " + dep.Version
		}
	}
	return fmt.Sprintf("krakend-lambda %s, %s, %s %s/%s", cmp.Or(version, info.Main.Version), of, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
