package docker

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// dockerSocket is the engine's, not a file of the repository.
const dockerSocket = "/var/run/docker.sock"

func loadCompose(t *testing.T) *types.Project {
	t.Helper()
	dir, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(project.Services)), []string{"krakend", "localstack"}; !slices.Equal(got, want) {
		t.Fatalf("got the services %q, want %q", got, want)
	}
	return project
}

// An invocation is what a backend of compose.yaml's gateway is configured for.
type invocation struct {
	Function string `json:"function_name"`
	Region   string `json:"region"`
	Endpoint string `json:"endpoint"`
}

// composeConfig returns the krakend.json of compose.yaml's gateway, and what it invokes.
func composeConfig(t *testing.T) (service map[string]any, invocations []invocation) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "examples/docker/krakend.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &service); err != nil {
		t.Fatal(err)
	}
	var typed struct {
		Endpoints []struct {
			Backend []struct {
				Extra struct {
					Lambda invocation `json:"backend/lambda"`
				} `json:"extra_config"`
			}
		}
	}
	if err := json.Unmarshal(content, &typed); err != nil {
		t.Fatal(err)
	}
	for _, e := range typed.Endpoints {
		for _, b := range e.Backend {
			invocations = append(invocations, b.Extra.Lambda)
		}
	}
	if len(invocations) == 0 {
		t.Fatal("the gateway invokes nothing")
	}
	return service, invocations
}

// Nobody but this machine reaches the services, and the gateway can do no more than it
// must.
func TestComposeIsolation(t *testing.T) {
	project := loadCompose(t)
	for name, s := range project.Services {
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s: the port %s is published on %q, want 127.0.0.1", name, p.Published, p.HostIP)
			}
		}
		if s.Privileged || s.NetworkMode != "" || s.Pid != "" || s.Ipc != "" || len(s.CapAdd) > 0 || len(s.Devices) > 0 {
			t.Errorf("%s has more than a container's own", name)
		}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				t.Errorf("%s: %s is a %s, want a bind mount", name, v.Target, v.Type)
			}
			if v.Source == dockerSocket {
				if name != "localstack" {
					t.Errorf("%s has the engine's socket", name)
				}
				continue
			}
			if !v.ReadOnly {
				t.Errorf("%s can write %s", name, v.Target)
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if ports := project.Services["localstack"].Ports; len(ports) > 0 {
		t.Errorf("localstack, which has the engine's socket, publishes %v", ports)
	}

	gateway := project.Services["krakend"]
	if gateway.User != "" {
		t.Errorf("the gateway runs as %q, want the image's user", gateway.User)
	}
	if !gateway.ReadOnly {
		t.Error("the gateway's file system can be written")
	}
	if !slices.Equal(gateway.CapDrop, []string{"ALL"}) {
		t.Errorf("the gateway drops the capabilities %q, want all of them", gateway.CapDrop)
	}
	if !slices.Contains(gateway.SecurityOpt, "no-new-privileges:true") {
		t.Errorf("the gateway has the security options %q, without no-new-privileges", gateway.SecurityOpt)
	}
}

// The gateway's port, configuration and Invoke API are where compose.yaml puts them.
func TestComposeFitsTogether(t *testing.T) {
	project, image := loadCompose(t), theImage(t)
	service, invocations := composeConfig(t)
	gateway, localstack := project.Services["krakend"], project.Services["localstack"]

	if gateway.Build == nil || gateway.Build.Context != project.WorkingDir || gateway.Build.Dockerfile != "Dockerfile" {
		t.Errorf("the gateway is built by %+v, want the Dockerfile", gateway.Build)
	}
	port, _ := service["port"].(float64)
	if got := strconv.Itoa(int(port)); got != image.ports[0] {
		t.Errorf("krakend.json has the port %s, the image %s", got, image.ports[0])
	}
	if len(gateway.Ports) != 1 || strconv.Itoa(int(gateway.Ports[0].Target)) != image.ports[0] {
		t.Errorf("got the ports %+v, want the image's, %s", gateway.Ports, image.ports[0])
	}
	if ip, ok := service["listen_ip"]; ok {
		t.Errorf("the gateway listens on %v, where nobody outside of its container reaches it", ip)
	}
	if got, want := gateway.Volumes[0].Target, image.cmd[len(image.cmd)-1]; got != want {
		t.Errorf("krakend.json is mounted at %s, and read from %s", got, want)
	}
	for key, want := range map[string]string{
		"AWS_ACCESS_KEY_ID":     gatewaytest.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": gatewaytest.SecretAccessKey,
	} {
		if got := gateway.Environment[key]; got == nil || *got != want {
			t.Errorf("%s is not %s, which is nobody's", key, want)
		}
	}

	if on := gateway.DependsOn["localstack"]; on.Condition != types.ServiceConditionHealthy {
		t.Errorf("the gateway waits for localstack to be %q, want %q", on.Condition, types.ServiceConditionHealthy)
	}
	// From 2026.3 on, LocalStack asks for an account.
	if !regexp.MustCompile(`^localstack/localstack:4\.\d+\.\d+$`).MatchString(localstack.Image) {
		t.Errorf("got the image %s, want one version of LocalStack 4", localstack.Image)
	}
	region := localstack.Environment["AWS_DEFAULT_REGION"]
	for _, i := range invocations {
		endpoint, err := url.Parse(i.Endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := endpoint.Scheme+"://"+endpoint.Host, "http://localstack:4566"; got != want {
			t.Errorf("%s is invoked at %s, want %s", i.Function, got, want)
		}
		if region == nil || i.Region != *region {
			t.Errorf("%s is invoked in %s, where LocalStack has no functions", i.Function, i.Region)
		}
	}
}

// LocalStack is healthy once the function can be invoked, and not before.
func TestComposeHealth(t *testing.T) {
	_, invocations := composeConfig(t)
	check := loadCompose(t).Services["localstack"].HealthCheck
	if check == nil || len(check.Test) != 2 || check.Test[0] != "CMD-SHELL" {
		t.Fatalf("got the health check %+v, want one for a shell", check)
	}
	for _, tc := range []struct {
		name     string
		awslocal string
		healthy  bool
	}{
		{"Active", "echo Active", true},
		{"Pending", "echo Pending", false},
		{"Inactive", "echo Inactive", false},
		{"no function", "echo ResourceNotFoundException >&2; exit 254", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			aws := newStandIn(t, tc.awslocal)
			cmd := exec.Command("/bin/sh", "-c", check.Test[1])
			cmd.Env = aws.env()
			if err := cmd.Run(); (err == nil) != tc.healthy {
				t.Errorf("got %v, want healthy %t", err, tc.healthy)
			}
			for _, call := range aws.calls(t) {
				if got := call.options["--function-name"]; got != invocations[0].Function {
					t.Errorf("asks for %q, want %q", got, invocations[0].Function)
				}
			}
		})
	}
}

// LocalStack runs the scripts that are mounted in its folder for them.
func TestComposeMountsFunctions(t *testing.T) {
	for _, v := range loadCompose(t).Services["localstack"].Volumes {
		if path.Clean(v.Target) == "/etc/localstack/init/ready.d" {
			if want, err := filepath.Abs(functions); err != nil || v.Source != want {
				t.Errorf("%s is mounted there, want %s (%v)", v.Source, want, err)
			}
			return
		}
	}
	t.Error("nothing is mounted there")
}
