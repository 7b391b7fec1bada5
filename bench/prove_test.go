package main

import (
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/bench/load"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func TestProve(t *testing.T) {
	before := load.Counts{Calls: 7, Bytes: 700}
	answer := load.Answer{Calls: 10}
	for name, tc := range map[string]struct {
		answer load.Answer
		after  load.Counts
		want   string
	}{
		"all that was said":       {answer, load.Counts{Calls: 17, Bytes: 1700}, ""},
		"fewer calls than said":   {answer, load.Counts{Calls: 16, Bytes: 1600}, "made 10 calls, and the Invoke API got 9"},
		"more calls than said":    {answer, load.Counts{Calls: 18, Bytes: 1800}, "made 10 calls, and the Invoke API got 11"},
		"fewer bytes":             {answer, load.Counts{Calls: 17, Bytes: 1699}, "have 1000 bytes, and the Invoke API got 999"},
		"more bytes":              {answer, load.Counts{Calls: 17, Bytes: 1701}, "have 1000 bytes, and the Invoke API got 1001"},
		"no call at all":          {answer, before, "got 0"},
		"a worker without a call": {load.Answer{}, before, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := prove(tc.answer, 100, before, tc.after)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestOneVerifiedCall(t *testing.T) {
	payload := []byte("{}")
	good := lambdatest.Call{Executed: true, Region: load.Region, Payload: payload}
	refused, cut, abroad := good, good, good
	refused.Executed, cut.Payload, abroad.Region = false, payload[:1], "eu-west-1"
	for name, tc := range map[string]struct {
		calls []lambdatest.Call
		want  bool
	}{
		"one":                     {[]lambdatest.Call{good}, true},
		"none":                    {nil, false},
		"two":                     {[]lambdatest.Call{good, good}, false},
		"one that was refused":    {[]lambdatest.Call{refused}, false},
		"one with less of a body": {[]lambdatest.Call{cut}, false},
		"one to another region":   {[]lambdatest.Call{abroad}, false},
	} {
		if err := oneVerified(tc.calls, payload); (err == nil) != tc.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
