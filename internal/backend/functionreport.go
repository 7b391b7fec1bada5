package backend

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// functionReport reads the REPORT line in the end of a function's log, which Lambda writes as
// text or as JSON, by the function's log format. It returns zero where there is none: the
// function wrote so much that the line was cut, or the function streams.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html and
// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
func functionReport(tail []byte) (report FunctionReport) {
	for line := range strings.Lines(string(tail)) {
		if fields, ok := strings.CutPrefix(line, "REPORT RequestId:"); ok {
			report = textReport(fields)
		} else if strings.Contains(line, `"platform.report"`) {
			report = jsonReport(line)
		}
	}
	return report
}

// textReport reads "Duration: 3.5 ms", "Max Memory Used: 36 MB" and the like, with tabs between
// them.
func textReport(line string) (r FunctionReport) {
	for field := range strings.SplitSeq(strings.TrimSpace(line), "\t") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), ": ")
		number, unit, _ := strings.Cut(value, " ")
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			continue
		}
		r.set(name+" "+unit, n)
	}
	return r
}

// jsonReport reads the record of a platform.report event.
func jsonReport(line string) (r FunctionReport) {
	var event struct {
		Type   string `json:"type"`
		Record struct {
			Metrics map[string]float64 `json:"metrics"`
		} `json:"record"`
	}
	if json.Unmarshal([]byte(line), &event) != nil || event.Type != "platform.report" {
		return r
	}
	for name, n := range event.Record.Metrics {
		r.set(name, n)
	}
	return r
}

// set sets what a measure of either format says.
func (r *FunctionReport) set(measure string, n float64) {
	if !(n >= 0 && n <= math.MaxInt32) { // a function can write such a line itself
		return
	}
	duration, size := time.Duration(n*float64(time.Millisecond)), int64(n)<<20
	switch measure {
	case "Duration ms", "durationMs":
		r.Duration = duration
	case "Billed Duration ms", "billedDurationMs":
		r.BilledDuration = duration
	case "Init Duration ms", "initDurationMs", "Restore Duration ms", "restoreDurationMs":
		r.InitDuration = duration
	case "Memory Size MB", "memorySizeMB":
		r.MemorySize = size
	case "Max Memory Used MB", "maxMemoryUsedMB":
		r.MaxMemoryUsed = size
	}
}
