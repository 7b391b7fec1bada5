//go:build integration

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
)

// browserDir has the script that visits the shop, and the package-lock.json of what it needs.
const browserDir = "browser"

// What `make run` starts is a shop that people can use: a browser visits it through the gateway of
// KrakenD 2. SCREENSHOTS names a directory for screenshots, which is relative to this one.
func TestBrowser(t *testing.T) {
	chromium := findChromium()
	if chromium == "" {
		// A browser takes 800 MB, so CI does not install it; ci.yml runs this test where Chrome is installed.
		t.Skip("found no Chromium: install the package chromium")
	}
	if _, err := os.Stat(filepath.Join(browserDir, "node_modules")); err != nil {
		t.Fatalf("the packages are not installed: %v; `make integration` installs them", err)
	}
	screenshots := os.Getenv("SCREENSHOTS")
	if screenshots != "" {
		var err error
		if screenshots, err = filepath.Abs(screenshots); err != nil {
			t.Fatal(err)
		}
	}

	visit := exec.CommandContext(t.Context(), "node", "shop.mjs", runExample(t), chromium, screenshots)
	visit.Dir = browserDir
	visit.Env = append(os.Environ(), "HOME="+t.TempDir())
	if out, err := visit.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// findChromium returns the path of Chromium or Google Chrome, or an empty string if neither is installed.
func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

var shopAddress = regexp.MustCompile(`open (http://\S+)/ in a browser`)

// runExample starts what `make run` does, until the end of the test, and returns the URL of the
// gateway.
func runExample(t *testing.T) (url string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "run")
	build := exec.Command("go", "build", "-o", program, "./examples/run")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := exec.Command(program, "-functions-addr", "127.0.0.1:0", "-webapp-addr", "127.0.0.1:0", "-port", "0")
	run.Dir = ".."
	run.Env = append(os.Environ(), "KRAKEND=2")
	var log logBuffer
	run.Stderr = &log
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Signal(syscall.SIGTERM)
		if err := run.Wait(); err != nil {
			t.Errorf("the end of examples/run: %v", err)
		}
		if t.Failed() {
			t.Logf("what it wrote:\n%s", log.text())
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if m := shopAddress.FindStringSubmatch(lines.Text()); m != nil {
			go func() { // until it ends
				for lines.Scan() {
				}
			}()
			return m[1]
		}
	}
	t.Fatal("examples/run does not tell where the shop is")
	return ""
}
