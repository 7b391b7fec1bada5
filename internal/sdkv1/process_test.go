package sdkv1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// program writes a program that prints keys. The key id contains the program's arguments.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	script := "#!/bin/sh\nprintf '{\"Version\": 1, \"AccessKeyId\": \"AKID%s\", \"SecretAccessKey\": \"s\"}' \"$*\"\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// A credential_process is a command line for the shell, as in the AWS CLI.
func TestCredentialProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program is a POSIX shell's script")
	}
	path := program(t)
	spaced := strings.Replace(path, "/keys", "/two words", 1)
	if err := os.Link(path, spaced); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"P":                   "AKID",
		"P x":                 "AKIDx",
		`"P"`:                 "AKID",
		`"P" # x`:             "AKID",
		`"P x"`:               "AKIDx", // like the SDK: no program has that name
		`"P \"x\""`:           "AKIDx",
		"'P' x":               "AKIDx",
		`P "x"`:               "AKIDx",
		`P "x # y" # z`:       "AKIDx # y",
		`"P" --role x`:        "AKID--role x", // the SDK would drop the arguments
		"\"P\"\tx":            "AKIDx",
		`"P" "x"`:             "AKIDx",
		`"P" --role=x #y`:     "AKID--role=x",
		`"SPACED" x`:          "AKIDx",
		`"SPACED"`:            "AKID",
		`'SPACED' x`:          "AKIDx",
		"P x ,y|sed s/x.,/x/": "AKIDxy", // the SDK would drop the key
		`"P" 'it is' "#1"`:    "AKIDit is #1",
	} {
		config := "[profile shop]\ncredential_process = " + strings.NewReplacer("SPACED", spaced, "P", path).Replace(value) + "\n"
		environment(t, nil, config, "")
		want += " eu-west-1"
		if got := sign(t, invoke.Settings{Profile: "shop"}); got != want {
			t.Errorf("%s: got %s, want %s", value, got, want)
		}
		t.Setenv("AWS_PROFILE", "shop")
		if got := sign(t, invoke.Settings{}); got != want {
			t.Errorf("%s, of the environment: got %s, want %s", value, got, want)
		}
		os.Unsetenv("AWS_PROFILE")
	}
}

// This module uses a credential_process exactly when the SDK would.
func TestCredentialProcessInUse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program is a POSIX shell's script")
	}
	process := "credential_process = \"" + program(t) + "\" x\n"
	const shop, base, role = "[profile shop]\n", "[profile base]\n", "role_arn = " + gatewayRole + "\n"
	for _, tc := range []struct {
		name        string
		profile     string
		env         map[string]string
		config      string
		credentials string
		want        string // the signer
	}{
		{"of the default profile", "", nil, "[default]\n" + process, "", "AKIDx"},
		{"under another name", "", nil, "[profile default]\n" + process, "", "AKIDx"},
		{"in the credentials file", "shop", nil, shop, "[shop]\n" + process, "AKIDx"},
		{"with spaces around", "shop", nil, shop + "  " + strings.Replace(process, " = ", "\t=\t", 1), "", "AKIDx"},
		{"with a colon", "shop", nil, shop + strings.Replace(process, " =", ":", 1), "", "AKIDx"},
		{"of a source profile", "shop", nil, shop + role + "source_profile = base\n" + base + process, "", "AKIDROLE1 of AKIDx"},
		{"of a quoted source profile", "shop", nil, shop + role + "source_profile = \"base\" # b\n" + base + process, "", "AKIDROLE1 of AKIDx"},
		{"of a commented source profile", "shop", nil, shop + role + "source_profile = base # b\n" + base + process, "", "AKIDROLE1 of AKIDx"},
		{"of another profile", "base", nil, shop + process + base, "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n", "AKIDBASE"},
		{"replaced in the credentials file", "shop", nil, shop + strings.Replace(process, "x\n", "y\n", 1), "[shop]\n" + process, "AKIDx"},
		{"with keys", "shop", nil, shop + process, shopKeys, "AKIDSHOP"},
		{"with half of the keys", "shop", nil, shop + process, "[shop]\naws_access_key_id = a\n", "AKIDx"},
		{"with keys of the environment", "", keysOfEnvironment, "[default]\n" + process, "", "AKIDENV"},
		{"of a profile, with keys of the environment", "shop", keysOfEnvironment, shop + process, "", "AKIDx"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, tc.config, tc.credentials)
			sts := newSTS(t)
			got, _, _ := strings.Cut(sign(t, invoke.Settings{Profile: tc.profile}), " eu-west-1")
			for _, c := range sts.Received() {
				signer, _, _ := strings.Cut(c.Signed(), " ")
				got += " of " + signer
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// With an open quote, the SDK would read nothing from the file, or wrong values.
func TestOpenQuotes(t *testing.T) {
	const shop = "[profile shop]\nregion = eu-west-1\n"
	for _, tc := range []struct {
		name, config, credentials string
		want                      string // the file and line in the error; empty for no error
	}{
		{"a value", shop + "credential_process = \"/path/prog --role x\n", "", "config: line 3"},
		{"after a space", shop + "credential_process = prog \"x\n", "", "config: line 3"},
		{"escaped", shop + "credential_process = \"prog \\\"x\\\"\n", "", "config: line 3"},
		{"of another profile", "[profile other]\nx = \"\n" + shop, "", "config: line 2"},
		{"closed on another line", "[profile other]\nx = \"y\n" + shop + "y = \"x\"\n", "", "config: line 2"},
		{"in the credentials file", shop, "[shop]\r\naws_access_key_id = \"a\r\n", "credentials: line 2"},
		{"within a word", shop + "x = 5\" pipe\n", "", ""},
		{"a comment", "# \"a\n" + shop + "x = y # \"b\n ; \"c\n", "", ""},
		{"closed", shop + "x = \"a\" \"b\"\n", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, nil, tc.config, tc.credentials)
			_, _, err := New(nil, &recorder{}, true).Client(invoke.Settings{Profile: "shop"})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tc.want+" opens a double quote and does not close it")) {
				t.Errorf("got %v, want an error of %s", err, tc.want)
			}
		})
	}
}

func TestProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a POSIX shell's")
	}
	for _, tc := range []struct{ name, command, want string }{
		{"output without end", "yes", "ProcessProviderExecutionError: 'error in credential_process: it writes more than 64 KB'"},
		{"a failure", "exit 3", "exit status 3"},
		{"another version", `echo '{"Version":2}'`, "the Version in the output of credential_process is not 1"},
		{"no keys", `echo '{"Version":1}'`, "lacks AccessKeyId or SecretAccessKey"},
		{"no output", "true", "ProcessProviderParseError"},
		{"no object", "echo null", "the Version in the output of credential_process is not 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, nil, "[default]\ncredential_process = "+tc.command+"\n", "")
			if got := sign(t, invoke.Settings{}); !strings.HasPrefix(got, "no AWS credentials in ") || !strings.Contains(got, tc.want) {
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
	if got := sign(t, invoke.Settings{}); !strings.Contains(got, "WaitDelay") || time.Since(start) > 15*time.Second {
		t.Errorf("got %s after %v", got, time.Since(start))
	}
}

// A shell ends with the lookup, together with the process that it waits for.
func TestChildOfAProcessEndsWithTheLookup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is a POSIX shell's")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // the process has ended
		close(gone)
	}))
	t.Cleanup(s.Close)
	t.Setenv(processURL, s.URL)
	environment(t, nil, "[default]\ncredential_process = "+program+" && true\n", "")
	if _, err := New(nil, &recorder{}, false).finder(cacheKey{region: "eu-west-1"})(ctx, false); err == nil || !strings.Contains(describe(err), "context canceled") {
		t.Errorf("got %v", err)
	}
	<-gone
}

// processURL is the environment variable that makes this test binary a process that gets a URL.
const processURL = "TEST_PROCESS_URL"

// A process that hangs ends with the lookup. No other one starts before.
func TestProcessEndsWithTheLookup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is a POSIX shell's")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pids := make(chan int, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		pid, _ := strconv.Atoi(r.URL.Query().Get("pid"))
		pids <- pid
		<-r.Context().Done() // the process has ended
	}))
	t.Cleanup(s.Close)
	t.Setenv(processURL, s.URL)
	environment(t, nil, "[profile shop]\nrole_arn = "+gatewayRole+"\nsource_profile = base\n[profile base]\ncredential_process = exec "+program+"\n", "")
	find := New(nil, &recorder{}, false).finder(cacheKey{profile: "shop", region: "eu-west-1"})
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() {
			_, err := find(ctx, false)
			result <- err
		}()
		pid := <-pids
		cancel()
		if err := <-result; err == nil || !strings.Contains(describe(err), "context canceled") {
			t.Errorf("got %v", err)
		}
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Signal(syscall.Signal(0))
		}
		if !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("got %v, want the process to end with the lookup", err)
		}
	}
}

// Profiles may assume roles with the credentials of a process.
func TestRolesOfAProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program is a POSIX shell's script")
	}
	process := "credential_process = " + program(t) + " base\n"
	const shop = "[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = "
	for _, tc := range []struct {
		name, config string
		want         []string // the signer, the external id, the session name and the duration of each call
	}{
		{"one", shop + "base\nexternal_id = tea\nrole_session_name = \"two words\"\nduration_seconds = 3600\n[profile base]\n" + process, []string{"AKIDbase tea two words 3600"}},
		{"two", shop + "middle\nrole_session_name = xx\n[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/middle\nsource_profile = base\nrole_session_name = yy\nduration_seconds = 900\n[profile base]\n" + process, []string{"AKIDbase  yy 900", "AKIDROLE1  xx 900"}},
		{"its own", "[profile shop]\nrole_arn = " + gatewayRole + "\nrole_session_name = xx\n" + process, []string{"AKIDbase  xx 900"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, nil, tc.config, "")
			sts := newSTS(t)
			if got, want := sign(t, invoke.Settings{Profile: "shop"}), fmt.Sprintf("AKIDROLE%d eu-west-1", len(tc.want)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			calls := sts.Received()
			if len(calls) != len(tc.want) {
				t.Fatalf("got calls %v, want %q", calls, tc.want)
			}
			for i, c := range calls {
				signer, _, _ := strings.Cut(c.Signed(), " ")
				if got := fmt.Sprintf("%s %s %s %s", signer, c.Get("ExternalId"), c.Get("RoleSessionName"), c.Get("DurationSeconds")); got != tc.want[i] {
					t.Errorf("got %s, want %s", got, tc.want[i])
				}
			}
		})
	}
}

// A process runs again when its credentials expire.
func TestExpiryOfAProcess(t *testing.T) {
	for expiration, want := range map[string]time.Time{
		"":                                     {},
		`,"Expiration":"2100-01-01T00:00:00Z"`: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		file := writeFile(t, "keys", `{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","SessionToken":"t"`+expiration+`}`)
		environment(t, nil, "[default]\ncredential_process = cat "+file+"\n", "")
		find := New(nil, &recorder{}, false).finder(cacheKey{region: "eu-west-1"})
		for range 2 { // the process does not run for the second lookup
			found, err := find(t.Context(), false)
			if err != nil || found.AccessKeyID != "a" || found.SessionToken != "t" || found.Source != "ProcessProvider" || !found.Expires.Equal(want) {
				t.Errorf("%q: got %+v, %v", expiration, found, err)
			}
			os.Remove(file)
		}
	}
}
