package gatewaytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A Gateway is a build of KrakenD with the backends of this module.
type Gateway struct {
	Name    string
	Version int // of its krakend.json

	build func() (binary string, err error)
}

// New returns the gateway whose main package is in dir, a path below the repository's examples
// and relative to the package under test. The gateway is built at its first start, with the race
// detector if the tests have it, and only if Main runs the tests.
func New(name, dir string, version int) *Gateway {
	return &Gateway{name, version, sync.OnceValues(func() (string, error) {
		if sockets == "" {
			return "", errors.New("gatewaytest.Main does not run these tests")
		}
		return build(dir)
	})}
}

// build builds the main package in dir into the repository's .bin, which all packages of tests
// share: go build links a program only if it is out of date.
func build(dir string) (binary string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	root, _, ok := strings.Cut(dir, string(filepath.Separator)+"examples"+string(filepath.Separator))
	if !ok {
		return "", fmt.Errorf("%s is not below examples", dir)
	}
	binary = filepath.Join(root, ".bin", "gatewaytest", filepath.Base(dir))
	if raceDetector {
		binary += "-race"
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(binary + ".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close() // which also releases the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	// The tests' gateway has one file more than its sources.
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(dir, "introspection.go"): filepath.Join(root, "internal", "gatewaytest", "testdata", "introspection.go"),
	}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(binary+".json", overlay, 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", fmt.Sprintf("-race=%t", raceDetector), "-buildvcs=false", "-ldflags=-w", "-overlay", binary+".json", "-o", binary, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", dir, err, out)
	}
	return binary, nil
}

// Command returns a command that runs the gateway's program with these arguments. Its
// environment is env, plus what the race detector needs.
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

// sockets is the directory for the introspection sockets of gateways.
var sockets string

// Main runs the tests of a package and then ends the process, as a TestMain does.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "krakend-lambda-gateways-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	sockets = dir
	return m.Run()
}
