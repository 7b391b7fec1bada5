package docstest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// address stands for the section's gateway.
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
		arg := args[0]
		switch {
		case arg == "-X", arg == "-H", arg == "-d", arg == "--data-binary":
			if args = args[1:]; len(args) == 0 {
				return nil, fmt.Errorf("%s has no value", arg)
			}
			switch value := args[0]; {
			case arg == "-X":
				c.method = value
			case arg == "-H":
				name, value, ok := strings.Cut(value, ":")
				if !ok {
					return nil, fmt.Errorf("-H has no header: %q", name)
				}
				if http.CanonicalHeaderKey(name) == "Accept" || http.CanonicalHeaderKey(name) == "User-Agent" {
					c.header.Del(name)
				}
				c.header.Add(name, strings.TrimSpace(value))
			case strings.HasPrefix(value, "@"):
				return nil, fmt.Errorf("%s has a file: %q", arg, value)
			default:
				data = append(data, value)
			}
		case len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "isN") == "":
			c.include = c.include || strings.Contains(arg, "i")
		case strings.HasPrefix(arg, "-"):
			return nil, fmt.Errorf("the test does not know %s", arg)
		default:
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

// calls tells whether the request is one for the endpoint.
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

// shellWords splits a command as a shell does, which knows quotes and backslashes and
// nothing else. There is one word at least.
func shellWords(command string) (words []string, err error) {
	var word strings.Builder
	begun := false // a word, which may be empty in quotes
	end := func() {
		if begun {
			words = append(words, word.String())
			word.Reset()
			begun = false
		}
	}
	for i := 0; i < len(command); i++ {
		switch c := command[i]; c {
		case ' ', '\t', '\n':
			end()
		case '\'':
			n := strings.IndexByte(command[i+1:], '\'')
			if n < 0 {
				return nil, errors.New("a quote has no end")
			}
			word.WriteString(command[i+1 : i+1+n])
			i, begun = i+1+n, true
		case '"':
			n, err := doubleQuoted(&word, command[i+1:])
			if err != nil {
				return nil, err
			}
			i, begun = i+1+n, true
		case '\\':
			if i++; i == len(command) {
				return nil, errors.New("nothing follows the last backslash")
			}
			if command[i] != '\n' {
				word.WriteByte(command[i])
				begun = true
			}
		case '|', '&', ';', '<', '>', '(', ')', '$', '`', '*', '?', '[', '{':
			return nil, fmt.Errorf("%q has a meaning for shells without quotes", c)
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if end(); len(words) == 0 {
		return nil, errors.New("there is no command")
	}
	return words, nil
}

// doubleQuoted writes the text up to the closing quote, and returns where that is.
func doubleQuoted(word *strings.Builder, text string) (end int, err error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i, nil
		case c == '$', c == '`':
			return 0, fmt.Errorf("%q has a meaning for shells in double quotes", c)
		case c == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`\n", text[i+1]) >= 0:
			if i++; text[i] != '\n' {
				word.WriteByte(text[i])
			}
		default:
			word.WriteByte(c)
		}
	}
	return 0, errors.New("a quote has no end")
}
