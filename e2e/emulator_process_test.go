//go:build integration

package e2e

import (
	"fmt"
	"go/version"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

const (
	// emulatorCommand is the main package of AWS's emulator, with its version, and
	// emulatorGo the version of Go that its go.mod asks for.
	emulatorCommand = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d"
	emulatorGo      = "go1.26.6"

	// emulatorTimeout bounds the start of the emulator.
	emulatorTimeout = 30 * time.Second
)

// buildEmulator builds the emulator and the function into a directory, once for all gateways.
var buildEmulator = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp("", "krakend-lambda-emulator-")
	if err != nil {
		return "", err
	}
	install := exec.Command("go", "install", emulatorCommand)
	install.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOBIN="+dir)
	if out, err := install.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("go install %s: %w\n%s", emulatorCommand, err, out)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "function"), "./emulator/function").CombinedOutput(); err != nil {
		return dir, fmt.Errorf("building the function: %w\n%s", err, out)
	}
	return dir, nil
})

// checkGo fails the test if this version of Go cannot build the emulator.
func checkGo(t *testing.T) {
	t.Helper()
	// A version that is not valid is a development build of Go.
	if found := runtime.Version(); version.IsValid(found) && version.Compare(found, emulatorGo) < 0 {
		t.Fatalf("AWS's emulator needs %s or newer, found %s", emulatorGo, found)
	}
}

// newEmulator starts AWS's emulator with the function of emulator/function until the end of the
// test, and returns its address. timeout is the function's, in seconds. The emulator takes one
// call at a time.
func newEmulator(t *testing.T, timeout int) string {
	t.Helper()
	dir, err := buildEmulator()
	if err != nil {
		t.Fatal(err)
	}
	runtimeAPI := gatewaytest.OnFreePort(t, func(port int) (int, error) { return port, nil })
	return gatewaytest.OnFreePort(t, func(port int) (string, error) {
		return launchEmulator(t, dir, timeout, port, runtimeAPI)
	})
}

func launchEmulator(t *testing.T, dir string, timeout, port, runtimeAPI int) (url string, err error) {
	t.Helper()
	var log logBuffer
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	// By default it listens on every address.
	cmd := exec.Command(filepath.Join(dir, "aws-lambda-rie"), "--runtime-interface-emulator-address", addr,
		"--runtime-api-address", fmt.Sprintf("127.0.0.1:%d", runtimeAPI), filepath.Join(dir, "function"))
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir, fmt.Sprintf("AWS_LAMBDA_FUNCTION_TIMEOUT=%d", timeout)}
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return "", err
	}
	exited := make(chan struct{})
	go func() {
		err = cmd.Wait()
		close(exited)
	}()
	client := &http.Client{Timeout: clientTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(emulatorTimeout); ; {
		// No path but the function's is known to it, and this one does not execute it.
		if r, err := receive(client.Get("http://" + addr + "/ready")); err == nil && r.status == http.StatusNotFound {
			break
		}
		select {
		case <-exited:
			if strings.Contains(log.text(), "address already in use") {
				return "", gatewaytest.ErrPortTaken
			}
			return "", fmt.Errorf("the emulator ended at its start: %w\n%s", err, log.text())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			<-exited
			return "", fmt.Errorf("the emulator was not ready within %v:\n%s", emulatorTimeout, log.text())
		}
	}
	t.Cleanup(func() {
		// The emulator ends the function, which is in a separate process group.
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("stopping the emulator: %v", err)
		}
		select {
		case <-exited:
		case <-time.After(gatewaytest.StopTimeout):
			t.Errorf("the emulator did not end within %v", gatewaytest.StopTimeout)
			cmd.Process.Kill()
			<-exited
		}
		if t.Failed() {
			t.Logf("the log of the emulator:\n%s", log.text())
		}
	})
	return "http://" + addr, nil
}
