package jsonreply

import (
	"encoding/json"
	"sync"
)

const (
	// maxDepth is the deepest nesting of lists and objects. It is encoding/json's own limit, or
	// one less: encoding/json handles deeper documents.
	maxDepth = 9_999

	// maxKept is how many values a reused parser has room for.
	maxKept = 64 << 10
)

// parser makes one pass over a document. Its methods return false for input that they reject.
type parser struct {
	src   []byte
	pos   int // in src
	depth int

	// The elements of open lists and objects. They are copied to memory of the exact size when
	// the list or object ends.
	values []any
	keys   []string
	// most is the largest length of the two since reset.
	most struct{ values, keys int }

	piece      string // a copy of a part of src: see copied
	pieceStart int    // in src
	unescaped  []byte // room for a string with escapes
}

var parsers sync.Pool

func newParser(src []byte) *parser {
	p, ok := parsers.Get().(*parser)
	if !ok {
		p = new(parser)
	}
	p.src, p.pos, p.depth = src, 0, 0
	return p
}

// free returns the parser to its pool.
func (p *parser) free() {
	p.reset()
	if cap(p.values) <= maxKept && cap(p.keys) <= maxKept && cap(p.unescaped) <= maxKept {
		parsers.Put(p)
	}
}

// reset drops the parser's references to its document.
func (p *parser) reset() {
	p.drop(0, 0)
	clear(p.values[:p.most.values])
	clear(p.keys[:p.most.keys])
	p.most.values, p.most.keys = 0, 0
	p.src, p.piece, p.pieceStart = nil, "", 0
}

// document returns the first value of the document if it is an object or a list.
func (p *parser) document() (any, bool) {
	switch p.next() {
	case '{':
		return p.object()
	case '[':
		return p.list()
	}
	return nil, false
}

// next skips spaces and returns the byte after them, or 0 at the end.
func (p *parser) next() byte {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; c {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

func (p *parser) value() (any, bool) {
	switch p.next() {
	case '"':
		return p.string()
	case '{':
		return p.object()
	case '[':
		return p.list()
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	}
	return p.number()
}

func (p *parser) word(w string) bool {
	if len(p.src)-p.pos < len(w) || string(p.src[p.pos:p.pos+len(w)]) != w {
		return false
	}
	p.pos += len(w)
	return true
}

func (p *parser) object() (any, bool) {
	if p.depth++; p.depth > maxDepth {
		return nil, false
	}
	p.pos++
	values, keys := len(p.values), len(p.keys)
	if p.next() == '}' {
		p.pos++
	} else {
		for more := true; more; {
			key, ok := p.key()
			if !ok {
				return nil, false
			}
			value, ok := p.value()
			if !ok {
				return nil, false
			}
			p.keys, p.values = append(p.keys, key), append(p.values, value)
			if more, ok = p.separator('}'); !ok {
				return nil, false
			}
		}
	}
	p.depth--
	object := make(map[string]any, len(p.keys)-keys)
	for i, key := range p.keys[keys:] {
		object[key] = p.values[values+i]
	}
	p.drop(values, keys)
	return object, true
}

// key returns the name of a member, and skips the colon after it.
func (p *parser) key() (string, bool) {
	if p.next() != '"' {
		return "", false
	}
	key, ok := p.string()
	if !ok || p.next() != ':' {
		return "", false
	}
	p.pos++
	return key, true
}

func (p *parser) list() (any, bool) {
	if p.depth++; p.depth > maxDepth {
		return nil, false
	}
	p.pos++
	values := len(p.values)
	if p.next() == ']' {
		p.pos++
	} else {
		for more := true; more; {
			value, ok := p.value()
			if !ok {
				return nil, false
			}
			p.values = append(p.values, value)
			if more, ok = p.separator(']'); !ok {
				return nil, false
			}
		}
	}
	p.depth--
	list := make([]any, len(p.values)-values)
	copy(list, p.values[values:])
	p.drop(values, len(p.keys))
	return list, true
}

// separator skips a comma or last, which ends a list or an object. more is true for the comma.
func (p *parser) separator(last byte) (more, ok bool) {
	c := p.next()
	p.pos++
	return c == ',', c == ',' || c == last
}

// drop shortens the two stacks. They still refer to the dropped values until reset.
func (p *parser) drop(values, keys int) {
	p.most.values, p.most.keys = max(p.most.values, len(p.values)), max(p.most.keys, len(p.keys))
	p.values, p.keys = p.values[:values], p.keys[:keys]
}

// number returns a number as spelled. Source of the grammar: RFC 8259, section 6.
func (p *parser) number() (any, bool) {
	start := p.pos
	p.skip('-', '-')
	switch c := p.peek(); {
	case c == '0':
		p.pos++
	case !p.digits():
		return nil, false
	}
	if p.skip('.', '.') && !p.digits() {
		return nil, false
	}
	if p.skip('e', 'E') {
		p.skip('+', '-')
		if !p.digits() {
			return nil, false
		}
	}
	return json.Number(p.copied(start, p.pos)), true
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

// skip skips the next byte if it is a or b.
func (p *parser) skip(a, b byte) bool {
	if c := p.peek(); p.pos == len(p.src) || c != a && c != b {
		return false
	}
	p.pos++
	return true
}

// digits skips digits, at least one.
func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}
