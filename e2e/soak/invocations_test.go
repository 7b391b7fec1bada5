package soak

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// invocationEndpoints returns endpoints that the examples lack: asynchronous and dry invocations, and
// those with a client context, a tenant, the name of a durable execution, or a role.
func invocationEndpoints(version int, lambdaURL string) []object {
	headers := "input_headers"
	if version == 2 {
		headers = "headers_to_pass"
	}
	backend := func(function string, more object) object {
		settings := object{"function_name": function, "region": "us-east-1", "endpoint": lambdaURL}
		maps.Copy(settings, more)
		return object{"url_pattern": "/" + function, "extra_config": object{"github.com/devopsfaith/krakend-lambda": settings}}
	}
	endpoint := func(path, function string, more object) object {
		return object{"endpoint": path, "backend": []any{backend(function, more)}}
	}
	noOp := func(method, path, function string, more object) object {
		b := backend(function, more)
		b["encoding"] = "no-op"
		return object{"endpoint": path, "method": method, "output_encoding": "no-op", "backend": []any{b}}
	}
	note := endpoint("/note/{id}", "note", object{"client_context": true})
	note[headers] = []any{"X-Note"}
	return []object{
		noOp(http.MethodPost, "/jobs", "job", object{"invocation_type": "Event"}),
		noOp(http.MethodGet, "/dry/{id}", "dry", object{"invocation_type": "DryRun"}),
		note,
		endpoint("/tenants/{tenant}", "tenant", object{"tenant_id": "{tenant}"}),
		endpoint("/durable/{id}", durableFunction, object{"qualifier": "1", "durable_execution_name": "{id}"}),
		endpoint("/buyer/{id}", "buyer", object{"assume_role": object{"role_arn": roles["buyer"]}}),
		endpoint("/seller/{id}", "seller", object{"assume_role": object{"role_arn": roles["seller"]}}),
	}
}

// durableFunction is the name of the durable function.
const durableFunction = "durable"

// invocationTraffic are requests for these endpoints.
var invocationTraffic = map[string][]func(id string, r *rand.Rand) request{
	"POST /jobs": {func(id string, _ *rand.Rand) request {
		return request{method: http.MethodPost, path: "/jobs", body: `{"id":"` + id + `"}`, calls: []string{"job"}, asynchronous: true,
			header: http.Header{"Content-Type": {"application/json"}},
			want: func(g *gateway, calls []outcome) answer {
				return single(g, calls, of(calls[0], answer{status: http.StatusAccepted}))
			}}
	}},
	"GET /dry/{id}": {func(id string, _ *rand.Rand) request {
		return request{path: "/dry/" + id, calls: []string{"dry"}, want: func(g *gateway, calls []outcome) answer {
			return single(g, calls, answer{status: http.StatusNoContent})
		}}
	}},
	"GET /note/{id}": {func(id string, _ *rand.Rand) request {
		q := data("note", "/note/"+id, `{"id":"`+id+`","note":"note `+id+`","of":"`+id+`"}`)
		q.header = http.Header{"X-Note": {"note " + id}}
		return q
	}},
	"GET /tenants/{tenant}": {func(id string, _ *rand.Rand) request {
		return data("tenant", "/tenants/"+id, `{"asked":"`+id+`","tenant":"`+id+`"}`)
	}},
	// If the gateway repeats a call because its connection broke, it gets the first result again.
	"GET /durable/{id}": {func(id string, _ *rand.Rand) request {
		return data(durableFunction, "/durable/"+id, `{"execution":1,"id":"`+id+`"}`)
	}},
	"GET /buyer/{id}":  {func(id string, _ *rand.Rand) request { return data("buyer", "/buyer/"+id, `{"id":"`+id+`"}`) }},
	"GET /seller/{id}": {func(id string, _ *rand.Rand) request { return data("seller", "/seller/"+id, `{"id":"`+id+`"}`) }},
}

// executions counts executions that replies do not show, or that must not happen twice.
type executions struct {
	mu      sync.Mutex
	jobs    map[string]int // by id
	durable map[string]int
	dry     int
}

func newExecutions() *executions {
	return &executions{jobs: make(map[string]int), durable: make(map[string]int)}
}

type idEvent struct {
	ID string `json:"id"`
}

// functions returns the functions of invocationEndpoints.
func (x *executions) functions() map[string]any {
	return map[string]any{
		"job": func(event idEvent) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.jobs[event.ID]++
		},
		"dry": func() {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.dry++
		},
		"note": func(ctx context.Context, event idEvent) (object, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			custom := lc.ClientContext.Custom
			return object{"id": event.ID, "note": custom["X-Note"], "of": custom["id"]}, nil
		},
		"tenant": lambdatest.Function{TenantIsolation: true, Handler: func(ctx context.Context, event struct{ Tenant string }) (object, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			return object{"asked": event.Tenant, "tenant": lc.TenantID}, nil
		}},
		durableFunction: lambdatest.Function{Durable: true, Handler: func(event idEvent) (object, error) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.durable[event.ID]++
			return object{"execution": x.durable[event.ID], "id": event.ID}, nil
		}},
		"buyer":  func(event idEvent) (object, error) { return object{"id": event.ID}, nil },
		"seller": func(event idEvent) (object, error) { return object{"id": event.ID}, nil },
	}
}

// check compares the executions of jobs with those that the Invoke API has accepted, and waits for
// jobs that have not begun. It also checks that dry runs have executed nothing.
func (x *executions) check(t *testing.T, accepted map[string]int) {
	t.Helper()
	wrong := func() (all []string) {
		x.mu.Lock()
		defer x.mu.Unlock()
		for id, want := range accepted {
			if got := x.jobs[id]; got != want {
				all = append(all, fmt.Sprintf("job %s: %d executions, %d were accepted", id, got, want))
			}
		}
		return all
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) { // the end of a job sends no signal
		all := wrong()
		if len(all) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("for %d jobs, the number of executions is wrong: %q", len(all), all[:min(len(all), 10)])
			break
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dry > 0 {
		t.Errorf("dry runs executed their function %d times", x.dry)
	}
}
