package docstest

import (
	"fmt"
	"slices"
	"strings"
)

// An exchange is a command of a console block, and the answer shown for it.
type exchange struct {
	Block
	line   int // of the block's text, from 1
	curl   *curl
	status string // "HTTP/1.1 200 OK"; empty without -i
	header [][2]string
	body   string // without the last line feed
}

const prompt = "$ "

// parseConsole reads commands and answers.
func parseConsole(b Block) (all []*exchange, err error) {
	lines := strings.Split(b.Text, "\n")
	for i := 0; i < len(lines); {
		e := &exchange{Block: b, line: i + 1}
		command, ok := strings.CutPrefix(lines[i], prompt)
		if !ok {
			return all, b.errorfAt(e.line, "a line of a console block that is neither a command nor a part of an answer")
		}
		i++
		for strings.HasSuffix(command, `\`) && i < len(lines) {
			command = strings.TrimSuffix(command, `\`) + lines[i]
			i++
		}
		answer := i
		for i < len(lines) && !strings.HasPrefix(lines[i], prompt) {
			i++
		}
		if e.curl, err = parseCurl(command); err == nil {
			err = e.expect(lines[answer:i])
		}
		if err != nil {
			return all, b.errorfAt(e.line, "%w", err)
		}
		all = append(all, e)
	}
	return all, nil
}

// expect reads the lines of an answer.
func (e *exchange) expect(lines []string) error {
	if e.curl.include {
		if len(lines) == 0 || !strings.HasPrefix(lines[0], "HTTP/") {
			return fmt.Errorf("the answer of curl -i begins with its status line")
		}
		e.status, lines = lines[0], lines[1:]
		for len(lines) > 0 && lines[0] != "" {
			name, value, ok := strings.Cut(lines[0], ":")
			if !ok {
				return fmt.Errorf("%q is not a header; an empty line must come before the body", lines[0])
			}
			e.header, lines = append(e.header, [2]string{name, strings.TrimSpace(value)}), lines[1:]
		}
		if len(lines) > 0 {
			lines = lines[1:]
		}
	}
	e.body = strings.TrimRight(strings.Join(lines, "\n"), "\n")
	return nil
}

func (e *exchange) take(r *run) error {
	called := slices.IndexFunc(r.section.service.endpoints, e.curl.calls)
	if called < 0 {
		return e.errorf("the section has no endpoint for it")
	}
	r.called[r.section.service.endpoints[called]] = true

	got, err := r.send(e.curl)
	if err != nil {
		return e.errorf("%w", err)
	}
	var wrong []string
	if status := got.proto + " " + got.status; e.status != "" && status != e.status {
		wrong = append(wrong, fmt.Sprintf("got %q, want %q", status, e.status))
	}
	for _, h := range e.header {
		values := got.header.Values(h[0])
		if !slices.ContainsFunc(values, func(v string) bool { return like(v, h[1]) }) {
			wrong = append(wrong, fmt.Sprintf("%s: got %q, want %q", h[0], values, h[1]))
		}
	}
	if body := strings.TrimRight(got.body, "\n"); body != e.body {
		wrong = append(wrong, fmt.Sprintf("got the body\n%s\nwant\n%s", body, e.body))
	}
	if len(wrong) == 0 {
		return nil
	}
	return e.errorf("%s", strings.Join(wrong, "\n"))
}

func (e *exchange) errorf(format string, args ...any) error {
	return e.errorfAt(e.line, "%s: %w", e.curl, fmt.Errorf(format, args...))
}
