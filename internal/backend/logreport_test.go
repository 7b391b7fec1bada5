package backend

import (
	"testing"
	"time"
)

func TestFunctionReport(t *testing.T) {
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		tail string
		want Invocation
	}{
		"warm": {
			"START RequestId: 1 Version: $LATEST\nEND RequestId: 1\nREPORT RequestId: 1\tDuration: 3.53 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n",
			Invocation{FunctionDuration: 3530 * time.Microsecond, BilledDuration: 4 * ms, MemorySize: 128 << 20, MaxMemoryUsed: 36 << 20},
		},
		"cold": {
			"REPORT RequestId: 1\tDuration: 3 ms\tBilled Duration: 124 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 120.5 ms\t\nXRAY TraceId: 1\tSegmentId: 2\tSampled: true\t\n",
			Invocation{FunctionDuration: 3 * ms, BilledDuration: 124 * ms, InitDuration: 120500 * time.Microsecond, MemorySize: 128 << 20, MaxMemoryUsed: 36 << 20},
		},
		"restored from a snapshot": {
			"REPORT RequestId: 1\tDuration: 3 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tRestore Duration: 500 ms\tBilled Restore Duration: 1 ms\n",
			Invocation{FunctionDuration: 3 * ms, BilledDuration: 4 * ms, InitDuration: 500 * ms, MemorySize: 128 << 20, MaxMemoryUsed: 36 << 20},
		},
		"JSON": {
			`{"time":"2026-11-27T00:00:00Z","type":"platform.start","record":{}}` + "\n" +
				`{"time":"2026-11-27T00:00:00Z","type":"platform.report","record":{"requestId":"1","status":"success","metrics":{"durationMs":3.5,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":120.25}}}` + "\n",
			Invocation{FunctionDuration: 3500 * time.Microsecond, BilledDuration: 4 * ms, InitDuration: 120250 * time.Microsecond, MemorySize: 128 << 20, MaxMemoryUsed: 36 << 20},
		},
		"after a line of the function": {
			"REPORT RequestId: fake\tDuration: 1 ms\tInit Duration: 9 ms\nREPORT RequestId: 1\tDuration: 2 ms\n",
			Invocation{FunctionDuration: 2 * ms},
		},
		"absent":             {"START RequestId: 1\nhello\n", Invocation{}},
		"empty":              {"", Invocation{}},
		"cut":                {"ation: 3.53 ms\tBilled Duration: 4 ms\n", Invocation{}},
		"not numbers":        {"REPORT RequestId: 1\tDuration: x ms\tBilled Duration: NaN ms\tMemory Size: Inf MB\tMax Memory Used: -1 MB\tInit Duration: 1e300 ms", Invocation{}},
		"the largest number": {"REPORT RequestId: 1\tMax Memory Used: 2147483647 MB\tMemory Size: 2147483648 MB", Invocation{MaxMemoryUsed: 2147483647 << 20}},
		"other units":        {"REPORT RequestId: 1\tDuration: 3 s\tMemory Size: 1 GB", Invocation{}},
		"not JSON":           {`{"type":"platform.report"` + "\n", Invocation{}},
		"other type":         {`{"type":"x","note":"platform.report","record":{"metrics":{"durationMs":3.5}}}` + "\n", Invocation{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got Invocation
			if got.measure([]byte(tc.tail)); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
