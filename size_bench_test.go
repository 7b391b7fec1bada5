package lambda_test

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"

	lambda "github.com/devopsfaith/krakend-lambda"
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/logging"
)

// manyBackends returns n configurations of backends.
func manyBackends(n int) []*config.Backend {
	backends := make([]*config.Backend, n)
	for i := range backends {
		backends[i] = &config.Backend{
			URLPattern: fmt.Sprintf("/orders/%d", i),
			Method:     http.MethodPost,
			ExtraConfig: config.ExtraConfig{lambda.Namespace: map[string]interface{}{
				"function_name": fmt.Sprintf("orders-%d", i), "region": "us-west-2",
			}},
		}
	}
	return backends
}

// maxBackend is a little more than the bytes that a backend and its configuration allocate at start:
// 2,000.
const maxBackend = 2300

// BenchmarkBackends measures the start of gateways with many backends, in two sizes. Ten times as many
// backends take ten times as long. It fails if they allocate much more than ten times as much, because
// maps and slices grow in steps.
func BenchmarkBackends(b *testing.B) {
	b.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	var each []uint64 // allocated bytes for each backend
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			starts := uint64(0)
			for b.Loop() {
				starts++
				factory := lambda.BackendFactory(nil, lambda.WithLogger(logging.NoOp))
				for _, remote := range manyBackends(n) {
					factory(remote)
				}
			}
			runtime.ReadMemStats(&after)
			each = append(each, (after.TotalAlloc-before.TotalAlloc)/starts/uint64(n))
		})
	}
	if len(each) > 0 && each[0] > maxBackend {
		b.Errorf("each of 1000 backends allocates %d bytes, want at most %d, because backends share most", each[0], maxBackend)
	}
	if len(each) == 2 && each[1] > 2*each[0] {
		b.Errorf("each of 1000 backends allocates %d bytes, and each of 10000 %d", each[0], each[1])
	}
}
