package docstest

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestShellWords(t *testing.T) {
	for command, want := range map[string][]string{
		`curl  a	b`:                    {"curl", "a", "b"},
		`curl 'a  b' "c d" e\ f`:       {"curl", "a  b", "c d", "e f"},
		`curl a'b'"c"d`:                {"curl", "abcd"},
		`curl '' ""`:                   {"curl", "", ""},
		`curl '{"a": "\n"}'`:           {"curl", `{"a": "\n"}`},
		`curl "{\"a\": \"\\ \n\"}"`:    {"curl", `{"a": "\ \n"}`},
		"curl \\\n  -i \\\n  x":        {"curl", "-i", "x"},
		"curl a\\\nb \"c\\\nd\"":       {"curl", "ab", "cd"},
		"curl 'a\nb'":                  {"curl", "a\nb"},
		`curl 'http://x/?a=1&b=$2' \$`: {"curl", "http://x/?a=1&b=$2", "$"},
	} {
		got, err := shellWords(command)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", command, got, err, want)
		}
	}
	for _, command := range []string{
		"", "  ", `curl 'a`, `curl "a`, `curl "a\"`, `curl a\`,
		"curl a | jq .", "curl a > b", "curl a; curl b", "curl a&b=1", "curl a?b=1", "curl $A", "curl `a`", `curl "$A"`, "curl {a,b}",
	} {
		if got, err := shellWords(command); err == nil {
			t.Errorf("%s: got %q, want an error", command, got)
		}
	}
}

// What is quoted comes out as it was.
func FuzzShellWords(f *testing.F) {
	f.Add("a b", `{"c": "d\n"}`)
	f.Add("", "\\\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.Contains(a, "'") {
			return
		}
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`")
		got, err := shellWords("'" + a + "' \"" + escape.Replace(b) + `"`)
		if want := []string{a, b}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}

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
		"curl -siN":           {method: "GET", header: own(nil), include: true},
		"curl -X DELETE":      {method: "DELETE", header: own(nil)},
		"curl -d a=1 -d 'b '": {method: "POST", header: own(form), body: "a=1&b "},
		"curl -d ''":          {method: "POST", header: own(form)},
		"curl -X PUT --data-binary '{}' -H 'Content-Type: application/json'": {
			method: "PUT", header: own(http.Header{"Content-Type": {"application/json"}}), body: "{}",
		},
		"curl -H 'X-Tea: oolong' -H 'x-tea:sencha' -H 'Accept: text/html'": {
			method: "GET", header: own(http.Header{"X-Tea": {"oolong", "sencha"}, "Accept": {"text/html"}}),
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
		"curl -iL http://localhost:8080/":                       "does not know -iL",
		"curl --compressed http://localhost:8080/":              "does not know --compressed",
		"curl -d @file http://localhost:8080/":                  "has a file",
		"curl --data-binary @- http://localhost:8080/":          "has a file",
		"curl -H X-Tea http://localhost:8080/":                  "no header",
		"curl http://127.0.0.1:8080/":                           "stands for",
		"curl https://localhost:8080/":                          "stands for",
		"curl localhost:8080/":                                  "stands for",
		"curl http://localhost:8080/%zz":                        "invalid URL escape",
		"curl -s http://localhost:8080/ | python3 -m json.tool": "shells",
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
		{"curl http://localhost:8080/users/7", "GET", "/users/{id}", true},
		{"curl http://localhost:8080/users/a%2Fb", "GET", "/users/{id}", true},
		{"curl 'http://localhost:8080/users/7?a=b'", "get", "/users/{id}", true},
		{"curl http://localhost:8080/users/", "GET", "/users/{id}", false},
		{"curl http://localhost:8080/users/7/8", "GET", "/users/{id}", false},
		{"curl http://localhost:8080/teas/7", "GET", "/users/{id}", false},
		{"curl -X POST http://localhost:8080/users/7", "GET", "/users/{id}", false},
		{"curl -d '' http://localhost:8080/users/7", "POST", "/users/{id}", true},
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
