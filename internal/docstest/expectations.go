package docstest

import (
	"fmt"
	"slices"
	"strings"
)

// A receives block shows the payload of the last call.
type receives struct {
	Block
	want any
}

func (s receives) take(r *run) error {
	var payloads []string
	for _, c := range r.calls {
		payloads = append(payloads, string(c.Payload))
	}
	return anyIs(s.Block, "the payload", payloads, s.want)
}

// A receivesContext block shows the object custom of the last call's client context.
type receivesContext struct {
	Block
	want any
}

func (s receivesContext) take(r *run) error {
	var contexts []string
	for _, c := range r.calls {
		v, _ := decode(string(c.ClientContext))
		o, _ := v.(object)
		contexts = append(contexts, encode(o["custom"]))
	}
	return anyIs(s.Block, "the custom context", contexts, s.want)
}

// An answers block shows the body of the last answer.
type answers struct {
	Block
	want any
}

func (s answers) take(r *run) error {
	if r.last == nil {
		return s.errorf("no request comes before it")
	}
	return anyIs(s.Block, "the answer", []string{r.last.body}, s.want)
}

// anyIs returns an error if none of the texts is this JSON. The texts belong to one request,
// which calls several functions at once if its endpoint has several backends.
func anyIs(b Block, what string, texts []string, want any) error {
	if len(texts) == 0 {
		return b.errorf("the last request did not call a function")
	}
	var wrong []string
	for _, text := range texts {
		got, err := decode(text)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s is not JSON: %q", what, text))
			continue
		}
		d := differences(what, got, want)
		if len(d) == 0 {
			return nil
		}
		wrong = append(wrong, d...)
	}
	return b.errorf("%s", strings.Join(wrong, "\n"))
}

// A logs block shows lines that the gateway has logged so far.
type logs struct{ Block }

func parseLogs(b Block) (logs, error) {
	l := logs{b}
	if strings.TrimSpace(b.Text) == "" {
		return l, b.errorf("the block has no line to look for in the log")
	}
	for i, line := range l.lines() {
		if line != "" && strings.Trim(line, anything+" ") == "" {
			return l, b.errorfAt(i+1, "%q matches every line", line)
		}
	}
	return l, nil
}

func (s logs) take(r *run) error {
	logged := strings.Split(r.gateway.Log(), "\n")
	for i, want := range s.lines() {
		if want != "" && !slices.ContainsFunc(logged, func(line string) bool { return within(line, want) }) {
			return s.errorfAt(i+1, "the gateway has not logged %q", want)
		}
	}
	return nil
}

func (s logs) lines() []string {
	lines := strings.Split(s.Text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// tells whether the page shows this line of the log.
func (s *Section) tells(line string) bool {
	for _, step := range s.steps {
		if l, ok := step.(logs); ok && slices.ContainsFunc(l.lines(), func(want string) bool { return want != "" && within(line, want) }) {
			return true
		}
	}
	return false
}
