package docker

import (
	"encoding/json"
	"maps"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A composeService is what compose.yaml says of a service. A key that is not here is an error.
type composeService struct {
	Build, Image   string
	Ports, Volumes []string
	Environment    map[string]string
	ReadOnly       bool                                  `yaml:"read_only"`
	CapDrop        []string                              `yaml:"cap_drop"`
	SecurityOpt    []string                              `yaml:"security_opt"`
	DependsOn      map[string]struct{ Condition string } `yaml:"depends_on"`
	HealthCheck    struct {
		Test, Interval, Timeout string
		Retries                 int
	}
}

// compose returns both services of compose.yaml.
func compose(t *testing.T) (gateway, localstack composeService) {
	t.Helper()
	var file struct {
		Name     string
		Services map[string]composeService
	}
	if err := yaml.UnmarshalWithOptions([]byte(read(t, "compose.yaml")), &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(file.Services)), []string{"krakend", "localstack"}; !slices.Equal(got, want) {
		t.Fatalf("got the services %q, want %q", got, want)
	}
	return file.Services["krakend"], file.Services["localstack"]
}

// krakendJSON is the configuration of compose.yaml's gateway.
func krakendJSON(t *testing.T) (text string, backend struct {
	Name     string `json:"function_name"`
	Region   string
	Endpoint string
}) {
	t.Helper()
	text = read(t, "examples/docker/krakend.json")
	var service struct {
		ListenIP  string `json:"listen_ip"`
		Port      int
		Endpoints []struct {
			Backend []struct {
				Extra map[string]json.RawMessage `json:"extra_config"`
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &service); err != nil {
		t.Fatal(err)
	}
	if service.Port != 8080 || service.ListenIP != "" {
		t.Errorf("the gateway listens on %q, port %d, want every address of its container, port 8080", service.ListenIP, service.Port)
	}
	if err := json.Unmarshal(service.Endpoints[0].Backend[0].Extra["backend/lambda"], &backend); err != nil {
		t.Fatal(err)
	}
	return text, backend
}

// Only this machine reaches the gateway, and nothing reaches LocalStack, which has the engine's
// socket. The gateway can do no more than it must.
func TestComposeIsolation(t *testing.T) {
	gateway, localstack := compose(t)
	if want := []string{"127.0.0.1:8080:8080"}; !slices.Equal(gateway.Ports, want) || len(localstack.Ports) > 0 {
		t.Errorf("got the ports %q and %q, want %q and none", gateway.Ports, localstack.Ports, want)
	}
	if !gateway.ReadOnly || !slices.Equal(gateway.CapDrop, []string{"ALL"}) || !slices.Equal(gateway.SecurityOpt, []string{"no-new-privileges:true"}) {
		t.Errorf("got %+v, want no writing, capabilities and new privileges", gateway)
	}
	if want := []string{"./examples/docker/krakend.json:/etc/krakend/krakend.json:ro"}; !slices.Equal(gateway.Volumes, want) {
		t.Errorf("the gateway has %q, want %q", gateway.Volumes, want)
	}
	if want := []string{
		"./examples/docker/functions:/etc/localstack/init/ready.d:ro", // LocalStack runs the scripts that are there
		"/var/run/docker.sock:/var/run/docker.sock",
	}; !slices.Equal(localstack.Volumes, want) {
		t.Errorf("localstack has %q, want %q", localstack.Volumes, want)
	}
}

// The gateway starts after LocalStack, and invokes the function there.
func TestComposeFitsTogether(t *testing.T) {
	gateway, localstack := compose(t)
	_, backend := krakendJSON(t)
	if gateway.Build != "." || gateway.DependsOn["localstack"].Condition != "service_healthy" {
		t.Errorf("got %+v, want a build of this directory that waits for localstack", gateway)
	}
	if want := map[string]string{"AWS_ACCESS_KEY_ID": gatewaytest.AccessKeyID, "AWS_SECRET_ACCESS_KEY": gatewaytest.SecretAccessKey}; !maps.Equal(gateway.Environment, want) {
		t.Errorf("got the environment %q, want %q", gateway.Environment, want)
	}
	// From 2026.3 on, LocalStack asks for an account.
	if !regexp.MustCompile(`^localstack/localstack:4\.\d+\.\d+$`).MatchString(localstack.Image) {
		t.Errorf("got the image %s, want one version of LocalStack 4", localstack.Image)
	}
	if backend.Endpoint != "http://localstack:4566" || backend.Region != localstack.Environment["AWS_DEFAULT_REGION"] {
		t.Errorf("got %+v, want LocalStack's address and region", backend)
	}
}

// LocalStack is healthy once the function can be invoked, and not before.
func TestComposeHealth(t *testing.T) {
	_, localstack := compose(t)
	_, backend := krakendJSON(t)
	for does, healthy := range map[string]bool{
		"echo Active":   true,
		"echo Pending":  false,
		"echo Inactive": false,
		"echo ResourceNotFoundException >&2; exit 254": false,
	} {
		aws := newStandIn(t, does)
		cmd := exec.Command("/bin/sh", "-c", localstack.HealthCheck.Test)
		cmd.Env = aws.env()
		if err := cmd.Run(); (err == nil) != healthy {
			t.Errorf("%s: got %v, want healthy %t", does, err, healthy)
		}
		if call := aws.call(t); !strings.Contains(call, " --function-name "+backend.Name+" ") {
			t.Errorf("got the call %s, want one for %s", call, backend.Name)
		}
	}
}

// What compose.yaml says to try, through the gateway of its krakend.json.
func TestComposeGateway(t *testing.T) {
	api := lambdatest.NewServer(map[string]any{
		"hello": func(event struct{ Name string }) (map[string]string, error) {
			return map[string]string{"message": "Hello, " + event.Name + "!"}, nil
		},
	})
	t.Cleanup(api.Close)
	text, backend := krakendJSON(t)
	var service struct {
		Endpoints []map[string]any
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, backend.Endpoint, api.URL)), &service); err != nil {
		t.Fatal(err)
	}
	gw := gatewaytest.Start(t, krakend, service.Endpoints, gatewaytest.Options{})

	call := regexp.MustCompile(`(?m)^# +curl http://127\.0\.0\.1:8080(/\S+)$`).FindStringSubmatch(read(t, "compose.yaml"))
	if call == nil {
		t.Fatal("compose.yaml does not say what to try")
	}
	r, err := gw.Client.Get(gw.URL + call[1])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got map[string]string
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.StatusCode != http.StatusOK || got["message"] != "Hello, Ada!" {
		t.Errorf("got %d %q, %v", r.StatusCode, got, err)
	}
}
