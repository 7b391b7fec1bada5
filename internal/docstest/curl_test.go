package docstest

import (
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestParseCurl(t *testing.T) {
	const target = " 'http://localhost:8080/users/7?tag=a&tag=b'"
	own := func(more http.Header) http.Header {
		header := http.Header{"User-Agent": {"curl/8.5.0"}, "Accept": {"*/*"}}
		maps.Copy(header, more)
		return header
	}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for command, want := range map[string]curl{
		"curl":                {method: "GET", header: own(nil)},
		"curl -i":             {method: "GET", header: own(nil), include: true},
		"curl -s -N":          {method: "GET", header: own(nil)},
		"curl -X DELETE":      {method: "DELETE", header: own(nil)},
		"curl -d a=1 -d 'b '": {method: "POST", header: own(form), body: "a=1&b "},
		"curl -d \"\"":        {method: "POST", header: own(form)},
		"curl -X PUT --data-binary '{\"a\": \"\\n\"}' -H 'Content-Type: application/json'": {
			method: "PUT", header: own(http.Header{"Content-Type": {"application/json"}}), body: `{"a": "\n"}`,
		},
		"curl -H 'X-Tea: oolong' -H 'x-tea: sencha' -H 'user-agent: tea'": {
			method: "GET", header: own(http.Header{"X-Tea": {"oolong", "sencha"}, "User-Agent": {"tea"}}),
		},
	} {
		got, err := parseCurl(command + target)
		if err != nil {
			t.Errorf("%s: %v", command, err)
			continue
		}
		if u := got.url.RequestURI(); u != "/users/7?tag=a&tag=b" {
			t.Errorf("%s: got the target %s", command, u)
		}
		got.url = nil
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got %+v, want %+v", command, *got, want)
		}
	}
	for command, want := range map[string]string{
		"wget http://localhost:8080/": "not curl",
		"curl":                        "want one",
		"curl http://localhost:8080/ http://localhost:8080/": "want one",
		"curl -X":                                               "has no value",
		"curl -o file http://localhost:8080/":                   "does not know -o",
		"curl http://127.0.0.1:8080/":                           "stands for",
		"curl localhost:8080/":                                  "stands for",
		"curl http://localhost:8080/%zz":                        "invalid URL escape",
		"curl 'http://localhost:8080/":                          "cannot read",
		"curl -s http://localhost:8080/ | python3 -m json.tool": "cannot read",
		"curl http://localhost:8080/?a=b":                       "cannot read",
		`curl -d "$A" http://localhost:8080/`:                   "cannot read",
	} {
		if got, err := parseCurl(command); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v, want an error with %q", command, got, err, want)
		}
	}
}

func TestCurlCalls(t *testing.T) {
	for _, tc := range []struct {
		command, method, path string
		want                  bool
	}{
		{"curl http://localhost:8080/", "", "/", true},
		{"curl http://localhost:8080/users/a%2Fb", "GET", "/users/{id}", true},
		{"curl 'http://localhost:8080/users/7?a=b'", "get", "/users/{id}", true},
		{"curl http://localhost:8080/users/", "GET", "/users/{id}", false},
		{"curl http://localhost:8080/users/7/8", "GET", "/users/{id}", false},
		{"curl http://localhost:8080/teas/7", "GET", "/users/{id}", false},
		{"curl -X POST http://localhost:8080/users/7", "GET", "/users/{id}", false},
	} {
		c, err := parseCurl(tc.command)
		if err != nil {
			t.Fatal(err)
		}
		e := &endpoint{object: object{"endpoint": tc.path, "method": tc.method}}
		if got := c.calls(e); got != tc.want {
			t.Errorf("%s: calls %s: got %t", tc.command, e, got)
		}
	}
}
