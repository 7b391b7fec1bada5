package gatewaytest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A Gateway is a build of KrakenD with the backends of this module.
type Gateway struct {
	Name    string
	Version int // of its krakend.json

	build func() (binary string, err error)
}

// New returns the gateway whose main package is in dir, seen from the package under
// test. It is built when it is first started, with the race detector, and only where
// Main runs the tests.
func New(name, dir string, version int) *Gateway {
	return &Gateway{name, version, sync.OnceValues(func() (string, error) {
		if binaries == "" {
			return "", errors.New("gatewaytest.Main does not run these tests")
		}
		binary := filepath.Join(binaries, name)
		overlay, err := overlay(dir)
		if err != nil {
			return "", err
		}
		build := exec.Command("go", "build", "-race", "-overlay", overlay, "-o", binary, ".")
		build.Dir = dir
		build.Env = append(os.Environ(), "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building %s: %w\n%s", dir, err, out)
		}
		return binary, nil
	})}
}

// Command is the gateway's program with these arguments, to be run to its end. Its
// environment is env alone, beside what the race detector takes.
func (g *Gateway) Command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := g.build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"HOME=" + cmd.Dir, "GORACE=atexit_sleep_ms=10"}, env...)
	return cmd
}

// binaries is the directory that the gateways are built into.
var binaries string

// Main runs the tests of a package and then ends the process, as a TestMain does. It
// removes the gateways that they have built.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "krakend-lambda-gateways-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	return m.Run()
}
