package backend

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// measure reads the REPORT line at the end of the function's log. Lambda writes the line as text
// or as JSON, depending on the function's log format. The log of a streaming function lacks it.
// A function can write such a line itself, so the last one counts. Source:
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html and
// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
func (i *Invocation) measure(tail []byte) {
	for line := range strings.Lines(string(tail)) {
		if fields, ok := strings.CutPrefix(line, "REPORT RequestId:"); ok {
			i.readText(fields)
		} else if strings.Contains(line, `"platform.report"`) {
			i.readJSON(line)
		}
	}
}

// readText reads pairs such as "Duration: 3.5 ms" and "Max Memory Used: 36 MB", separated by
// tabs.
func (i *Invocation) readText(line string) {
	i.clear()
	for field := range strings.SplitSeq(strings.TrimSpace(line), "\t") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), ": ")
		number, unit, _ := strings.Cut(value, " ")
		if n, err := strconv.ParseFloat(number, 64); err == nil {
			i.set(name+" "+unit, n)
		}
	}
}

// readJSON reads the record of a platform.report event.
func (i *Invocation) readJSON(line string) {
	var event struct {
		Type   string `json:"type"`
		Record struct {
			Metrics map[string]float64 `json:"metrics"`
		} `json:"record"`
	}
	if json.Unmarshal([]byte(line), &event) != nil || event.Type != "platform.report" {
		return
	}
	i.clear()
	for name, n := range event.Record.Metrics {
		i.set(name, n)
	}
}

func (i *Invocation) clear() {
	i.FunctionDuration, i.BilledDuration, i.InitDuration, i.MemorySize, i.MaxMemoryUsed = 0, 0, 0, 0, 0
}

// set sets a measure from either format.
func (i *Invocation) set(measure string, n float64) {
	if n < 0 || n > math.MaxInt32 || math.IsNaN(n) { // the function itself wrote the line
		return
	}
	duration, size := time.Duration(n*float64(time.Millisecond)), int64(n)<<20
	switch measure {
	case "Duration ms", "durationMs":
		i.FunctionDuration = duration
	case "Billed Duration ms", "billedDurationMs":
		i.BilledDuration = duration
	case "Init Duration ms", "initDurationMs", "Restore Duration ms", "restoreDurationMs":
		i.InitDuration = duration
	case "Memory Size MB", "memorySizeMB":
		i.MemorySize = size
	case "Max Memory Used MB", "maxMemoryUsedMB":
		i.MaxMemoryUsed = size
	}
}
