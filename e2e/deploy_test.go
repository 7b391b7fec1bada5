package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The krakend.json of examples/deploy is good, and its gateway answers the probes of ECS and
// Kubernetes.
func TestDeployConfig(t *testing.T) {
	t.Parallel()
	if stdout, stderr, status := run(t, newest, "-check", "-c", deployFile(t, "krakend.json")); status != 0 || !strings.Contains(stderr, "errors: 0, warnings: 0") {
		t.Errorf("got the exit status %d, %q and %q", status, stdout, stderr)
	}
	gw := start(t, newest, []object{endpoint("/orders/{id}", lambdaBackend(object{"function_name": "order"}))}, options{})
	const probe = "/__health"
	if got := gw.get(t, probe); got.status != http.StatusOK {
		t.Errorf("GET %s: got the status %d, want 200", probe, got.status)
	}
	for name, path := range map[string]string{"kubernetes.yaml": `path: (\S+)`, "../../docs/deploying.md": "health check path `(\\S+)`"} {
		matches := regexp.MustCompile(path).FindAllStringSubmatch(deployText(t, name), -1)
		if len(matches) == 0 {
			t.Errorf("%s: got no probe", name)
		}
		for _, m := range matches {
			if m[1] != probe {
				t.Errorf("%s: got the probe %s, want %s", name, m[1], probe)
			}
		}
	}
}

// The times in examples/deploy fit together, as docs/deploying.md says.
func TestDeployTimes(t *testing.T) {
	t.Parallel()
	var config struct {
		Timeout          string
		WriteTimeout     string `json:"write_timeout"`
		ShutdownWaitTime string `json:"max_shutdown_wait_time"`
	}
	if err := json.Unmarshal([]byte(deployText(t, "krakend.json")), &config); err != nil {
		t.Fatal(err)
	}
	var task struct {
		ContainerDefinitions []struct{ StopTimeout int }
	}
	if err := json.Unmarshal([]byte(deployText(t, "ecs-task-definition.json")), &task); err != nil {
		t.Fatal(err)
	}
	kubernetes := deployText(t, "kubernetes.yaml")
	timeout, wait := duration(t, config.Timeout), duration(t, config.ShutdownWaitTime)
	stop := time.Duration(task.ContainerDefinitions[0].StopTimeout) * time.Second
	grace := seconds(t, kubernetes, `terminationGracePeriodSeconds: (\d+)`)
	preStop := seconds(t, kubernetes, `sleep:\s+seconds: (\d+)`)
	delay := seconds(t, kubernetes, `deregistration_delay.timeout_seconds=(\d+)`)
	for name, less := range map[string][2]time.Duration{
		"timeout, max_shutdown_wait_time":                                         {timeout, wait},
		"timeout, write_timeout":                                                  {timeout, duration(t, config.WriteTimeout)},
		"max_shutdown_wait_time, stopTimeout":                                     {wait, stop},
		"preStop and max_shutdown_wait_time, terminationGracePeriodSeconds":       {preStop + wait, grace},
		"timeout, deregistration_delay.timeout_seconds":                           {timeout, delay},
		"the most for stopTimeout on Fargate (120 s), which must not be exceeded": {stop, 121 * time.Second},
	} {
		if less[0] >= less[1] {
			t.Errorf("%s: got %v, want less than %v", name, less[0], less[1])
		}
	}
	for row, want := range map[string]time.Duration{
		"longest `timeout` of an endpoint":       timeout,
		"`max_shutdown_wait_time`":               wait,
		"`stopTimeout`":                          stop,
		"`preStop`":                              preStop,
		"`terminationGracePeriodSeconds`":        grace,
		"`deregistration_delay.timeout_seconds`": delay,
	} {
		if got := seconds(t, deployText(t, "../../docs/deploying.md"), `(?m)^\| `+regexp.QuoteMeta(row)+` \| (\d+) s \|`); got != want {
			t.Errorf("docs/deploying.md: %s: got %v, want %v", row, got, want)
		}
	}
}

func deployFile(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/../examples/deploy/" + name
}

func deployText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(deployFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// seconds returns the number that the pattern's group matches first.
func seconds(t *testing.T, text, pattern string) time.Duration {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s", pattern)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * time.Second
}
