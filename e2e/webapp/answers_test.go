package webapp

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/e2e/webapp/shop"
	"github.com/devopsfaith/krakend-lambda/internal/answertest"
)

// Behind a gateway the shop gives the same answers as without it, and gets events like those of API
// Gateway.
func TestAnswers(t *testing.T) {
	direct := serveDirectly(t)
	eachStack(t, func(t *testing.T, s *stack) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s.api.Reset()
				got, err := answertest.Send(s.addr, c.Request)
				if err != nil {
					t.Fatal("behind the gateway: ", err)
				}
				checkEvent(t, &c, s)
				got = stripped(got, true)

				all := known(&c, s)
				for _, line := range answertest.Differences(got, expected(t, direct, c.Request, all)) {
					t.Error(line)
				}
				// Each exception must make a difference.
				for i, e := range all {
					others := slices.Delete(slices.Clone(all), i, i+1)
					if len(answertest.Differences(got, expected(t, direct, c.Request, others))) == 0 {
						t.Errorf("this exception no longer makes a difference: %s", e.reason)
					}
				}
			})
		}
	})
}

// serveDirectly serves the shop without a gateway until the end of the test, and returns its
// address.
func serveDirectly(t *testing.T) (addr string) {
	t.Helper()
	direct := httptest.NewServer(shop.New())
	t.Cleanup(func() {
		answertest.Client.CloseIdleConnections()
		direct.Close()
	})
	return strings.TrimPrefix(direct.URL, "http://")
}

// expected returns the answer that a gateway must give: the shop's own answer, with the exceptions.
func expected(t *testing.T, direct string, r answertest.Request, all []*exception) answertest.Response {
	t.Helper()
	for _, e := range all {
		if e.request != nil {
			e.request(&r)
		}
	}
	want, err := answertest.Send(direct, r)
	if err != nil {
		t.Error("without a gateway: ", err)
	}
	want = stripped(want, false)
	for _, e := range all {
		if e.response != nil {
			e.response(&want)
		}
	}
	return want
}

// The table has enough requests, with answers of every kind, and every exception applies to a case.
func TestCases(t *testing.T) {
	if len(cases) < 60 {
		t.Errorf("got %d cases, want at least 60", len(cases))
	}
	direct := serveDirectly(t)
	statuses := make(map[int]bool)
	names := make(map[string]bool)
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("there are two cases %q", c.name)
		}
		names[c.name] = true
		r, err := answertest.Send(direct, c.Request)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		statuses[r.Status] = true
		if strings.Contains(c.name, ", not modified") && r.Status != http.StatusNotModified {
			t.Errorf("%s: got %d, want 304", c.name, r.Status)
		}
		for name := range added {
			if r.Header[name] != nil {
				t.Errorf("%s: the shop sends %s, which the test removes", c.name, name)
			}
		}
	}
	for _, want := range []int{
		200, 201, 202, 204, 206,
		301, 302, 303, 304, 307, 308,
		400, 401, 404, 405, 409, 412, 415, 416, 418, 422,
		500, 503,
	} {
		if !statuses[want] {
			t.Errorf("no case has the status %d", want)
		}
	}

	for _, e := range exceptions {
		for _, name := range e.cases {
			if !names[name] {
				t.Errorf("an exception is for %q, which is not a case", name)
			}
		}
	}
}
