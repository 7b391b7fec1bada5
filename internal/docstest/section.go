package docstest

import (
	"slices"
	"strings"
)

// A Section is the part of a page between one heading and the next.
type Section struct {
	Page    string
	Heading string // empty before the first heading
	Level   int    // of the heading: the number of its #
	Line    int
	Blocks  []Block

	service  service
	steps    []step
	policies []*policy
	code     []Block
	taken    []Block // those that have a meaning
	errs     []error
}

// A step is a block, or a part of one, that does something with the section's gateway, or checks
// a result.
type step interface {
	take(r *run) error
	errorf(format string, args ...any) error // with the line in the page
}

// read gives every block its meaning.
func (s *Section) read() {
	for i, b := range s.Blocks {
		taken, err := s.readBlock(b)
		if err != nil {
			s.errs = append(s.errs, err)
		}
		if taken {
			s.taken = append(s.taken, b)
		}
		if b.label() == wrongLabel && (i+1 == len(s.Blocks) || s.Blocks[i+1].label() != logsLabel) {
			s.errs = append(s.errs, b.errorf("the block after a wrong configuration must show what the gateway logs"))
		}
	}
	if s.service.keys != nil {
		s.service.last(s.service.keysFrom)
	}
}

// readBlock returns false for a block that is not run.
func (s *Section) readBlock(b Block) (taken bool, err error) {
	switch b.Language {
	case "go":
		s.code = append(s.code, b)
	case "console":
		exchanges, err := parseConsole(b)
		for _, e := range exchanges {
			s.steps = append(s.steps, e)
		}
		return true, err
	case "text":
		if b.label() != logsLabel {
			return false, nil
		}
		l, err := parseLogs(b)
		s.steps = append(s.steps, l)
		return true, err
	case "json":
		return true, s.readJSON(b)
	default:
		if b.isDisguised() {
			return false, b.errorf("a block of JSON or Go that is not called json or go")
		}
		return false, nil
	}
	return true, nil
}

// isDisguised tells whether the block contains JSON or Go under another language name.
func (b Block) isDisguised() bool {
	if strings.HasPrefix(b.Language, "json") || b.Language == "golang" {
		return true
	}
	v, _ := decode(b.Text)
	switch v.(type) {
	case object, list:
		return true
	}
	return false
}

func (s *Section) readJSON(b Block) error {
	v, bare, err := b.value()
	if err != nil {
		return err
	}
	label := b.label()
	switch {
	case isConfiguration(v, bare):
		return s.service.add(b, v)
	case isPolicy(v):
		p, err := parsePolicy(b, v)
		if err != nil {
			return b.errorf("%w", err)
		}
		s.policies = append(s.policies, p)
	case label == returnsLabel:
		s.steps = append(s.steps, returns{b})
	case label == failsLabel:
		f, err := parseFailure(b, v)
		s.steps = append(s.steps, f)
		return err
	case label == receivesLabel:
		s.steps = append(s.steps, receives{b, v})
	case label == contextLabel:
		s.steps = append(s.steps, receivesContext{b, v})
	case label == answersLabel:
		s.steps = append(s.steps, answers{b, v})
	default:
		return b.errorf("a json block that is not an endpoint, a krakend.json, a part of one of them, or a policy; " +
			"the line before it should end with returns:, fails with:, receives:, custom context: or answers:")
	}
	return nil
}

// attachPolicies moves the policies of a section without configuration to the nearest enclosing
// section that has one, because they are about its calls.
func attachPolicies(sections []*Section) {
	for i, s := range sections {
		if len(s.service.endpoints) > 0 {
			continue
		}
		level, held := s.Level, false
		for _, above := range slices.Backward(sections[:i]) {
			if above.Level < level {
				level = above.Level
				if len(above.service.endpoints) > 0 {
					above.policies = append(above.policies, s.policies...)
					held = true
					break
				}
			}
		}
		for _, p := range s.policies {
			// The gateway does not show what a platform's role trusts.
			if !held && !p.trusts() {
				s.errs = append(s.errs, p.block.errorf("a policy in a section without a gateway to compare it with"))
			}
		}
	}
}

// A Stack is the kind of gateway that runs a section.
type Stack int

const (
	// Nothing is for a section without blocks to run, or with only Go.
	Nothing Stack = iota
	// KrakenD2 is a gateway of KrakenD 2.
	KrakenD2
	// Components is the stack of KrakenD 1.4 with KrakenD-CE's components.
	Components
)

// Stack returns the stack that runs the section.
func (s *Section) Stack() Stack {
	for _, e := range s.service.endpoints {
		for _, o := range append(e.backends(), e.object) {
			extra, _ := o["extra_config"].(object)
			for name := range extra {
				if n, _ := lookup(name); n.component {
					return Components
				}
			}
		}
	}
	if len(s.errs) > 0 || len(s.taken) > len(s.code) {
		return KrakenD2
	}
	return Nothing
}

// Taken returns the blocks that have a meaning. CheckGo checks those of Go, and Run all others.
func (s *Section) Taken() []Block { return s.taken }

// Name returns the page and the heading.
func (s *Section) Name() string { return s.Page + "/" + s.Heading }
