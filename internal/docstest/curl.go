package docstest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// address is replaced by the address of the section's gateway.
const address = "localhost:8080"

// A curl is a command of that name.
type curl struct {
	include bool // -i
	method  string
	url     *url.URL
	header  http.Header
	body    string
}

func (c *curl) String() string { return c.method + " " + c.url.RequestURI() }

// parseCurl reads a command line.
func parseCurl(command string) (*curl, error) {
	args, err := shellWords(command)
	if err != nil {
		return nil, err
	}
	if args[0] != "curl" {
		return nil, fmt.Errorf("%q is not curl, and nothing else is run", args[0])
	}
	c := &curl{header: http.Header{"User-Agent": {"curl/8.5.0"}, "Accept": {"*/*"}}}
	var data, targets []string
	for args = args[1:]; len(args) > 0; args = args[1:] {
		switch arg := args[0]; arg {
		case "-i":
			c.include = true
		case "-s", "-N":
		case "-X", "-H", "-d", "--data-binary":
			if args = args[1:]; len(args) == 0 {
				return nil, fmt.Errorf("%s has no value", arg)
			}
			value := args[0]
			switch name, field, _ := strings.Cut(value, ": "); {
			case arg == "-X":
				c.method = value
			case arg != "-H" && strings.HasPrefix(value, "@"):
				return nil, fmt.Errorf("%s has a file: %q", arg, value)
			case arg != "-H":
				data = append(data, value)
			case http.CanonicalHeaderKey(name) == "User-Agent":
				c.header.Set(name, field)
			default:
				c.header.Add(name, field)
			}
		default:
			if strings.HasPrefix(arg, "-") {
				return nil, fmt.Errorf("the test does not know %s", arg)
			}
			targets = append(targets, arg)
		}
	}

	if len(targets) != 1 {
		return nil, fmt.Errorf("got the URLs %q, want one", targets)
	}
	if c.url, err = url.Parse(targets[0]); err != nil {
		return nil, err
	}
	if c.url.Scheme != "http" || c.url.Host != address {
		return nil, fmt.Errorf("%s is not at http://%s, which stands for the section's gateway", targets[0], address)
	}
	if c.method == "" {
		c.method = http.MethodGet
		if data != nil {
			c.method = http.MethodPost
		}
	}
	if data != nil {
		c.body = strings.Join(data, "&")
		if c.header.Get("Content-Type") == "" {
			c.header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	return c, nil
}

// calls tells whether the request is for the endpoint.
func (c *curl) calls(e *endpoint) bool {
	got, want := strings.Split(c.url.EscapedPath(), "/"), strings.Split(e.path(), "/")
	if c.method != e.method() || len(got) != len(want) {
		return false
	}
	for i := range want {
		if placeholder := strings.HasPrefix(want[i], "{"); !placeholder && got[i] != want[i] || placeholder && got[i] == "" {
			return false
		}
	}
	return true
}

// word matches a word of a command line: quoted as a whole, or without special characters of
// shells.
var word = regexp.MustCompile("^\\s*(?:'([^']*)'|\"([^\"$`\\\\]*)\"|([^\\s'\"|&;<>()$`*?\\[{\\\\]+))(?:\\s+|$)")

// shellWords splits a command line.
func shellWords(command string) (words []string, err error) {
	for command != "" {
		m := word.FindStringSubmatch(command)
		if m == nil {
			return nil, fmt.Errorf("the test cannot read the command from here on: %s", command)
		}
		words, command = append(words, m[1]+m[2]+m[3]), command[len(m[0]):]
	}
	return words, nil
}
