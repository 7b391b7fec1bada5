package docker

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// configFile is where the image looks for its configuration.
const configFile = "/etc/krakend/krakend.json"

// credentials are what a container gets of AWS.
var credentials = []string{
	"AWS_ACCESS_KEY_ID=" + gatewaytest.AccessKeyID,
	"AWS_SECRET_ACCESS_KEY=" + gatewaytest.SecretAccessKey,
}

func TestVersion(t *testing.T) {
	stdout, stderr, status := newContainer(t, nil).run(t, "-version")
	if status != 0 || stderr != "" {
		t.Errorf("got the status %d, and on standard error:\n%s", status, stderr)
	}
	if want := "krakend-lambda " + version + ","; !strings.HasPrefix(stdout, want) {
		t.Errorf("got %q, want it to begin with %q", stdout, want)
	}
}

func TestCheck(t *testing.T) {
	const good = `{"version": 3, "endpoints": [{"endpoint": "/a", "backend": [
		{"extra_config": {"backend/lambda": {"function_name": "a", "region": "us-west-2"}}}]}]}`
	for _, tc := range []struct {
		name   string
		files  map[string]string
		args   []string
		status int
		says   string
	}{
		{"good", map[string]string{configFile: good}, []string{"-check", "-c", configFile}, 0, "function a, region us-west-2"},
		{"by the directory", map[string]string{configFile: good}, []string{"-check"}, 0, "function a, region us-west-2"},
		{"bad", map[string]string{configFile: strings.Replace(good, "function_name", "function_nam", 1)}, []string{"-check"}, 1, "bad configuration"},
		{"none", nil, []string{"-check"}, 1, "krakend.json"},
		{"none, and not to be checked", nil, []string{"-c", configFile}, 1, "krakend.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stdout, stderr, status := newContainer(t, tc.files, credentials...).run(t, tc.args...)
			if status != tc.status {
				t.Errorf("got the status %d, want %d", status, tc.status)
			}
			if said := stdout + stderr; !strings.Contains(said, tc.says) {
				t.Errorf("got\n%s\nwithout %q", said, tc.says)
			}
		})
	}
}

// invoking returns a krakend.json whose endpoint /hello/{name} invokes the function
// hello at an Invoke API.
func invoking(api string) map[string]any {
	return map[string]any{
		"version": 3,
		"endpoints": []any{map[string]any{
			"endpoint": "/hello/{name}",
			"backend": []any{map[string]any{
				"extra_config": map[string]any{"backend/lambda": map[string]any{
					"function_name": "hello", "region": "us-west-2", "endpoint": api, "max_retries": 0,
				}},
			}},
		}},
	}
}

// newAPI starts an Invoke API that has the function hello, and takes no credentials but
// the container's.
func newAPI(t *testing.T) *lambdatest.Server {
	t.Helper()
	api := lambdatest.NewServer(map[string]any{
		"hello": func(event struct{ Name string }) (map[string]string, error) {
			return map[string]string{"message": "Hello, " + event.Name + "!"}, nil
		},
	})
	t.Cleanup(api.Close)
	api.RequireCredentials(gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey)
	return api
}

func TestServes(t *testing.T) {
	gateway := newContainer(t, nil, credentials...).serve(t, invoking(newAPI(t).URL))
	// What the Dockerfile has orchestrators ask.
	if status, body := get(t, gateway+"/__health"); status != http.StatusOK {
		t.Errorf("got %d %s, want 200", status, body)
	}
	status, body := get(t, gateway+"/hello/Ada")
	if want := `{"message":"Hello, Ada!"}`; status != http.StatusOK || body != want {
		t.Errorf("got %d %s, want 200 %s", status, body, want)
	}
}

// AWS is called over TLS: the image's CA certificates are found, and no others.
func TestCertificates(t *testing.T) {
	if !isolated {
		t.Skip("without a root of the file system that is the image, which takes root, the machine's certificates are found")
	}
	target, err := url.Parse(newAPI(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is signed
	}})
	api.Config.ErrorLog = log.New(io.Discard, "", 0) // one handshake has to fail
	api.StartTLS()
	defer api.Close()

	for _, tc := range []struct {
		name   string
		files  map[string]string
		status int
	}{
		{"the image's", nil, http.StatusOK},
		{"none", map[string]string{certificates: ""}, http.StatusBadGateway},
	} {
		t.Run(tc.name, func(t *testing.T) {
			gateway := newContainer(t, tc.files, credentials...).serve(t, invoking(api.URL))
			if status, body := get(t, gateway+"/hello/Ada"); status != tc.status {
				t.Errorf("got %d %s, want %d", status, body, tc.status)
			}
		})
	}
}

// The gateway of compose.yaml, with its krakend.json and another Invoke API.
func TestComposeGateway(t *testing.T) {
	service, invocations := composeConfig(t)
	content, err := json.Marshal(service)
	if err != nil {
		t.Fatal(err)
	}
	c := newContainer(t, map[string]string{configFile: string(content)}, credentials...)
	stdout, stderr, status := c.run(t, "-check")
	if status != 0 || !strings.HasSuffix(stderr, "errors: 0, warnings: 0\n") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("got the status %d, and on standard error:\n%s", status, stderr)
	}
	for _, i := range invocations {
		if want := "function " + i.Function + ", region " + i.Region + ", endpoint " + i.Endpoint; !strings.Contains(stdout, want) {
			t.Errorf("got\n%s\nwithout %q", stdout, want)
		}
	}

	content = bytes.ReplaceAll(content, []byte("http://localstack:4566"), []byte(newAPI(t).URL))
	clear(service)
	if err := json.Unmarshal(content, &service); err != nil {
		t.Fatal(err)
	}
	gateway := newContainer(t, nil, credentials...).serve(t, service)

	// What compose.yaml says to try.
	manual, err := os.ReadFile(filepath.Join(repository, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`curl http://127\.0\.0\.1:8080(/\S+)`).FindSubmatch(manual)
	if call == nil {
		t.Fatal("compose.yaml does not say what to try")
	}
	status, body := get(t, gateway+string(call[1]))
	if want := `{"message":"Hello, Ada!"}`; status != http.StatusOK || body != want {
		t.Errorf("got %d %s, want 200 %s", status, body, want)
	}
}
