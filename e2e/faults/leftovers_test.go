package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	// settled is the longest time that a gateway may need to become idle. Only tests that fail reach
	// it.
	settled = 15 * time.Second
	// pause is the time between two checks of the gateway.
	pause = 50 * time.Millisecond
)

// checkNothingUnderWay waits until the gateway is idle, while the APIs can still answer: it has no
// goroutine of this module, of the SDK or of a call, and no API still writes an answer.
func (s *suite) checkNothingUnderWay(t *testing.T, rows ...row) {
	t.Helper()
	var left, stuck []string
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(pause) {
		left, stuck = nil, nil
		for _, stack := range s.Goroutines(t) {
			if name := nameOf(stack); isOfACall(stack) && !slices.Contains(s.stuck, name) {
				left, stuck = append(left, stack), append(stuck, name)
			}
		}
		for _, r := range rows {
			if n := s.apis[r.name].busy(); n > 0 {
				left = append(left, fmt.Sprintf("%d connections to the API of %s are not idle", n, r.name))
			}
		}
		if left == nil {
			return
		}
	}
	s.stuck = append(s.stuck, stuck...) // reports each of them once
	t.Errorf("%v after the rows %v, these still run:\n%s", settled, names(rows), strings.Join(left, "\n\n"))
}

// checkNothingLeftOver waits until the gateway has only the goroutines that it had before the first
// fault. The APIs of the rows must be closed, so that idle connections end too.
func (s *suite) checkNothingLeftOver(t *testing.T) {
	t.Helper()
	var left []string
	var now map[string][]string
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(pause) {
		s.Client.CloseIdleConnections()
		left, now = nil, byOrigin(s.Goroutines(t))
		for origin, stacks := range now {
			if n := len(stacks) - len(s.idle[origin]); n > 0 {
				left = append(left, fmt.Sprintf("%d of\n%s", n, strings.Join(stacks, "\n\n")))
			}
		}
		if left == nil {
			return
		}
	}
	s.idle = now // reports each of them once
	t.Errorf("these goroutines did not end:\n%s", strings.Join(left, "\n\n"))
}

// isOfACall reports whether a goroutine works for a call: it is in this module or the AWS SDK, or
// it is net/http's goroutine for a connection to an API that is not idle.
func isOfACall(stack string) bool {
	shape := shapeOf(stack)
	has := func(function string) bool { return strings.Contains(shape, function) }
	switch {
	case has("github.com/devopsfaith/krakend-lambda"), has("github.com/aws/aws-sdk-go"):
		return true
	case has("net/http.(*persistConn).readLoop"):
		// An idle connection is read too, to notice its end. A connection that waits for an answer
		// looks the same, but then its caller has a goroutine that counts.
		return !has("bufio.(*Reader).Peek")
	case has("net/http.(*persistConn).writeLoop"):
		return has("net/http.persistConnWriter.Write")
	case has("net/http.(*persistConn)"), has("net/http.(*Transport)"):
		return true
	}
	return false
}

// nameOf returns the name of a goroutine, such as "goroutine 1".
func nameOf(stack string) string {
	name, _, _ := strings.Cut(stack, " [")
	return name
}

// byOrigin groups goroutines by their first function and by the function that started them, which
// do not change while they run.
func byOrigin(stacks []string) map[string][]string {
	groups := make(map[string][]string)
	for _, stack := range stacks {
		functions := strings.Split(shapeOf(stack), "\n")
		origin := strings.Join(functions[max(0, len(functions)-2):], "\n")
		groups[origin] = append(groups[origin], stack)
	}
	return groups
}

var (
	arguments = regexp.MustCompile(`\([^()]*\)$`)
	creator   = regexp.MustCompile(` in goroutine \d+$`)
)

// shapeOf returns the functions of a stack, without arguments and numbers, so that it is equal for two
// goroutines in the same place.
func shapeOf(stack string) string {
	var functions []string
	for i, line := range strings.Split(stack, "\n") {
		if i > 0 && !strings.HasPrefix(line, "\t") {
			functions = append(functions, creator.ReplaceAllString(arguments.ReplaceAllString(line, ""), ""))
		}
	}
	return strings.Join(functions, "\n")
}

// await waits until a goroutine of the gateway runs a function.
func (c *client) await(function string) {
	c.t.Helper()
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(pause) {
		if slices.ContainsFunc(c.Goroutines(c.t), func(stack string) bool { return strings.Contains(stack, function) }) {
			return
		}
	}
	c.t.Fatalf("no goroutine of the gateway reached %s", function)
}
