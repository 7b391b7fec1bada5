package sdkv2

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a POSIX shell's")
	}
	for _, tc := range []struct{ name, command, want string }{
		{"output without end", "yes", "error in credential_process"},
		{"a failure", "exit 3", "exit status 3"},
		{"another version", `echo '{"Version":2}'`, "wrong version"},
		{"no output", "true", "cannot be read as JSON"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, nil, "[default]\ncredential_process = "+tc.command+"\n", "")
			if got := find(t, newSDK(nil), invoke.Settings{}); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// A process may leave other processes behind that keep its output open.
func TestProcessThatLeavesAnother(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is a POSIX shell's")
	}
	environment(t, nil, "[default]\ncredential_process = sleep 20 2>&- &\n", "")
	start := time.Now()
	if got := find(t, newSDK(nil), invoke.Settings{}); !strings.Contains(got, "WaitDelay") || time.Since(start) > 15*time.Second {
		t.Errorf("got %s after %v", got, time.Since(start))
	}
}

// A shell ends with the lookup, together with the process that it waits for.
func TestProcessEndsWithTheLookup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is a POSIX shell's")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	t.Setenv(processURL, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // the process has ended
		close(gone)
	}))
	environment(t, nil, "[default]\ncredential_process = "+program+" && true\n", "")
	if got := findWithin(ctx, t, newSDK(nil), invoke.Settings{}, false); got != "error: context canceled" {
		t.Errorf("got %s", got)
	}
	<-gone
}

// processURL is the environment variable that makes this test binary a process that gets a URL.
const processURL = "TEST_PROCESS_URL"
