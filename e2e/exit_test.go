package e2e

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// telemetry is the gateway that docs/monitoring.md names.
var telemetry = gateway{gatewaytest.New("telemetry", "../examples/krakend2/telemetry", 3), krakend2}

// eachExample runs a test for every example gateway, those of eachGateway included.
func eachExample(t *testing.T, test func(t *testing.T, g gateway)) {
	t.Helper()
	eachGateway(t, test)
	for _, g := range []gateway{minimal, telemetry} {
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			test(t, g)
		})
	}
}

func TestUnexpectedArgument(t *testing.T) {
	eachExample(t, func(t *testing.T, g gateway) {
		stdout, stderr, status := run(t, g, "other.json")
		if want := "unexpected argument \"other.json\": name the configuration file with -c\n"; status != 2 || stdout != "" || !strings.HasSuffix(stderr, want) {
			t.Errorf("got the exit status %d, %q and %q; want 2 and %q", status, stdout, stderr, want)
		}
	})
}

// A gateway that cannot listen ends, and says why on the last line of standard error.
func TestPortTaken(t *testing.T) {
	eachExample(t, func(t *testing.T, g gateway) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		content, err := json.Marshal(object{"version": g.Version, "listen_ip": "127.0.0.1", "port": l.Addr().(*net.TCPAddr).Port})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "krakend.json")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"-c", file}
		if g.Name == telemetry.Name {
			args = append(args, "-metrics", "127.0.0.1:0")
		}
		_, stderr, status := run(t, g, args...)
		if want := "listen tcp " + l.Addr().String() + ": bind: address already in use\n"; status != 1 || !strings.HasSuffix(stderr, want) || strings.Count(stderr, want) != 1 {
			t.Errorf("got the exit status %d and %q, want 1 and %q", status, stderr, want)
		}
	})
}
