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
	// settled bounds how long a gateway may take to be done with what it has begun. No test
	// passes by reaching it.
	settled = 15 * time.Second
	// pause is between two looks into the gateway.
	pause = 50 * time.Millisecond
)

// checkNothingUnderWay waits until the gateway is at rest, while the APIs could still
// answer: nothing of this module, of the SDK or of a call is there, and no answer that
// somebody still writes.
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
	s.stuck = append(s.stuck, stuck...) // once is enough
	t.Errorf("this is under way %v after the rows %v:\n%s", settled, names(rows), strings.Join(left, "\n\n"))
}

// checkNothingLeftOver waits until the gateway has the goroutines that it had before the
// first fault, and no others. The APIs of the rows are closed, and with them go the
// connections that were idle.
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
	s.idle = now // once is enough
	t.Errorf("this is left over:\n%s", strings.Join(left, "\n\n"))
}

// isOfACall tells the goroutines of a call: those in this module and in the AWS SDK, and
// net/http's for a connection to an API, unless that is idle.
func isOfACall(stack string) bool {
	shape := shapeOf(stack)
	has := func(function string) bool { return strings.Contains(shape, function) }
	switch {
	case has("github.com/devopsfaith/krakend-lambda"), has("github.com/aws/aws-sdk-go"):
		return true
	case has("net/http.(*persistConn).readLoop"):
		// An idle connection is read from, to see its end. One that waits for an answer is
		// so, too, and there is a goroutine for whoever waits.
		return !has("bufio.(*Reader).Peek")
	case has("net/http.(*persistConn).writeLoop"):
		return has("net/http.persistConnWriter.Write")
	case has("net/http.(*persistConn)"), has("net/http.(*Transport)"):
		return true
	}
	return false
}

// nameOf is the name of a goroutine: goroutine 1.
func nameOf(stack string) string {
	name, _, _ := strings.Cut(stack, " [")
	return name
}

// byOrigin groups goroutines by the function that they began with and the one that has
// started them, which stay the same wherever they are.
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

// shapeOf are the functions of a stack, without what tells two goroutines in the same
// place from each other.
func shapeOf(stack string) string {
	var functions []string
	for i, line := range strings.Split(stack, "\n") {
		if i > 0 && !strings.HasPrefix(line, "\t") {
			functions = append(functions, creator.ReplaceAllString(arguments.ReplaceAllString(line, ""), ""))
		}
	}
	return strings.Join(functions, "\n")
}

// await waits until a goroutine of the gateway is in a function.
func (c *client) await(function string) {
	c.t.Helper()
	for deadline := time.Now().Add(settled); time.Now().Before(deadline); time.Sleep(pause) {
		if slices.ContainsFunc(c.Goroutines(c.t), func(stack string) bool { return strings.Contains(stack, function) }) {
			return
		}
	}
	c.t.Fatalf("no goroutine of the gateway came to %s", function)
}
