package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// minimal is the gateway of docs/build.md.
var minimal = gateway{gatewaytest.New("minimal", "../examples/krakend2/minimal", 3), krakend2}

func TestMinimalGateway(t *testing.T) {
	t.Parallel()
	api := newLambda(t, map[string]any{"f": echo})
	gw := start(t, minimal, []object{endpoint("/a/{id}", lambdaBackend(fixed(api, "f"))), endpoint("/b", lambdaBackend("wrong"))}, options{
		Quiet:   true,
		Service: object{"extra_config": object{"security/cors": object{}}},
	})
	check(t, gw.get(t, "/a/7"), http.StatusOK, `{"id":"7"}`)
	check(t, gw.get(t, "/b"), http.StatusInternalServerError, "")
	if errs := gw.Lines(t, "ERROR", "/"); len(errs) != 1 || !strings.Contains(errs[0], "bad configuration") {
		t.Errorf("got the errors %q, want one bad configuration", errs)
	}
	if log := gw.Log(t); !hasLine(log, "WARNING", "security/cors in the extra_config of the service"+unprotected) {
		t.Errorf("no warning of security/cors in the log:\n%s", log)
	}
}

// The router's settings have an effect, without a warning.
func TestMinimalRouterSettings(t *testing.T) {
	t.Parallel()
	gw := start(t, minimal, []object{endpoint("/invalid", lambdaBackend(with(fixed(newRaising(t), "invalid"), asStatus)))}, options{
		Quiet:   true,
		Service: errorMsg,
	})
	checkError(t, gw.get(t, "/invalid"), http.StatusUnprocessableEntity, "ValidationError: a 'tea' is missing", plainText, "")
	if log := gw.Log(t); hasLine(log, "WARNING", routerNamespace) {
		t.Errorf("a warning of the router's settings in the log:\n%s", log)
	}
}

func TestMinimalCheck(t *testing.T) {
	t.Parallel()
	hello := endpoint("/hello/{name}", lambdaBackend(object{"function_name": "hello", "region": "us-west-2"}))
	const nowhere = " error: a backend has neither a host nor a function: add a host, or correct the namespace in its extra_config\n"
	misspelled := func(namespace string) []object {
		return []object{hello, endpoint("/b", object{"extra_config": object{namespace: object{"function_name": "f"}}})}
	}
	for _, c := range []struct {
		name      string
		endpoints []object
		service   object
		stdout    string
		status    int
		stderr    string
	}{
		{"good", []object{hello}, nil, "GET /hello/:name invokes the function hello, region us-west-2, endpoint https://lambda.us-west-2.amazonaws.com\n", 0, ""},
		{"bad", []object{hello, endpoint("/b", lambdaBackend(object{}))}, nil, "GET /b error: function_name, function_param_name: set one of them\n", 1, "the configuration has errors: 1\n"},
		{
			"several errors", []object{endpoint("/b", lambdaBackend(object{"function_name": "f", "max_retries": "1", "profile": ""}))}, nil,
			"GET /b error: max_retries: must be an integer, is the string '1'; profile: must not be empty\n", 1, "the configuration has errors: 1\n",
		},
		{"misspelled namespace", misspelled("backend/lamda"), nil, "GET /b" + nowhere, 1, "the configuration has errors: 1\n"},
		{"namespace with a capital", misspelled("Backend/lambda"), nil, "GET /b" + nowhere, 1, "the configuration has errors: 1\n"},
		{"HTTP backend", []object{endpoint("/http", httpBackend("http://127.0.0.1:9000", "/"))}, nil, "", 0, ""},
		{"missing component", []object{hello}, object{"security/cors": object{}}, "security/cors in the extra_config of the service" + unprotected, 1, "the configuration has errors: 1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content, err := json.Marshal(object{"version": 3, "endpoints": inVersion3(c.endpoints), "extra_config": c.service})
			if err != nil {
				t.Fatal(err)
			}
			cmd := minimal.Command(t, nil, "-check")
			if err := os.WriteFile(filepath.Join(cmd.Dir, "krakend.json"), content, 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			var exit *exec.ExitError
			if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != c.status || stderr.String() != c.stderr || !strings.Contains(stdout.String(), c.stdout) {
				t.Errorf("got the exit status %d, %q and %q; want %d, %q and %q", got, stdout.String(), stderr.String(), c.status, c.stdout, c.stderr)
			}
		})
	}
}
