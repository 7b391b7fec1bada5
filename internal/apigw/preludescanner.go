package apigw

import "strings"

// PreludeState tells what is known about a stream's prelude.
type PreludeState int

const (
	// PreludePending is the state of a stream that may begin with a prelude. The scanner needs
	// more of the stream.
	PreludePending PreludeState = iota
	// PreludeFound is the state of a stream with a complete prelude: ParsePrelude can read it.
	PreludeFound
	// PreludeAbsent is the state of a stream that cannot begin with a prelude.
	PreludeAbsent
)

// PreludeScanner detects as early as possible whether a stream begins with a prelude. It reads
// each byte once and keeps none. The zero value is ready for the start of a stream without a
// content type that tells: there a prelude is a JSON object directly followed by eight zero
// bytes.
type PreludeScanner struct {
	// Announced tells that the content type promises a prelude: everything before the first
	// eight zero bytes, which ParsePrelude then rejects unless it is a JSON object. Set it
	// before the first Scan.
	Announced bool

	state   PreludeState
	scanned int         // bytes of the stream
	zeros   int         // at the end of the scanned bytes, after the object
	next    preludeStep // nil at the beginning

	open    []byte // the open brackets, '{' or '['
	inKey   bool   // the next string is the name of a member
	literal string // the remaining letters of true, false or null
	hex     int    // the remaining digits of an escape
}

// preludeStep takes the next byte of a stream and returns whether it may be part of a prelude.
type preludeStep func(s *PreludeScanner, c byte) bool

// maxNesting is how deep encoding/json lets objects and arrays be nested.
const maxNesting = 10000

// Scan takes the next chunk of the stream and returns the new state. The result does not depend
// on how the stream is cut into chunks. The last two states are final.
func (s *PreludeScanner) Scan(chunk []byte) PreludeState {
	if s.next == nil {
		s.next = preludeBegin
		if s.Announced {
			s.next = preludeZeros
		}
	}
	for _, c := range chunk {
		if s.state != PreludePending {
			break
		}
		s.scanned++
		switch ok := s.next(s, c); {
		case s.zeros == len(preludeEnd):
			s.state = PreludeFound
		case !ok, s.scanned == maxPrelude+len(preludeEnd):
			s.state = PreludeAbsent
		}
	}
	return s.state
}

// The steps below follow the grammar of JSON, https://www.rfc-editor.org/rfc/rfc8259, as
// encoding/json does. White space between two tokens does not change the step.

func preludeBegin(s *PreludeScanner, c byte) bool {
	return isSpace(c) || c == '{' && s.enter(c)
}

func preludeZeros(s *PreludeScanner, c byte) bool {
	s.zeros++
	if c != 0 {
		s.zeros = 0
	}
	return s.zeros > 0 || s.Announced
}

func preludeFirstKey(s *PreludeScanner, c byte) bool {
	return c == '}' && s.leave(c) || preludeKey(s, c)
}

func preludeKey(s *PreludeScanner, c byte) bool {
	s.inKey = true
	return isSpace(c) || c == '"' && s.then(preludeString)
}

func preludeColon(s *PreludeScanner, c byte) bool {
	return isSpace(c) || c == ':' && s.then(preludeValue)
}

func preludeFirstValue(s *PreludeScanner, c byte) bool {
	return c == ']' && s.leave(c) || preludeValue(s, c)
}

func preludeValue(s *PreludeScanner, c byte) bool {
	s.inKey = false
	switch c {
	case '{', '[':
		return s.enter(c)
	case '"':
		return s.then(preludeString)
	case '-':
		return s.then(preludeMinus)
	case 't':
		s.literal = "true"[1:]
		return s.then(preludeLiteral)
	case 'f':
		s.literal = "false"[1:]
		return s.then(preludeLiteral)
	case 'n':
		s.literal = "null"[1:]
		return s.then(preludeLiteral)
	}
	return isSpace(c) || preludeMinus(s, c)
}

func preludeAfterValue(s *PreludeScanner, c byte) bool {
	s.next = preludeAfterValue
	switch {
	case c == ',' && s.open[len(s.open)-1] == '{':
		s.next = preludeKey
	case c == ',':
		s.next = preludeValue
	case c == '}', c == ']':
		return s.leave(c)
	default:
		return isSpace(c)
	}
	return true
}

func preludeLiteral(s *PreludeScanner, c byte) bool {
	if c != s.literal[0] {
		return false
	}
	if s.literal = s.literal[1:]; s.literal == "" {
		s.next = preludeAfterValue
	}
	return true
}

func preludeString(s *PreludeScanner, c byte) bool {
	switch {
	case c == '\\':
		s.next = preludeEscape
	case c == '"' && s.inKey:
		s.next = preludeColon
	case c == '"':
		s.next = preludeAfterValue
	}
	return c >= ' '
}

func preludeEscape(s *PreludeScanner, c byte) bool {
	if c == 'u' {
		s.hex = 4
		return s.then(preludeHex)
	}
	return strings.IndexByte(`"\/bfnrt`, c) >= 0 && s.then(preludeString)
}

func preludeHex(s *PreludeScanner, c byte) bool {
	if s.hex--; s.hex == 0 {
		s.next = preludeString
	}
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func preludeMinus(s *PreludeScanner, c byte) bool {
	return c == '0' && s.then(preludePoint) || isDigit(c) && s.then(preludeInteger)
}

func preludeInteger(s *PreludeScanner, c byte) bool {
	return isDigit(c) || preludePoint(s, c)
}

func preludePoint(s *PreludeScanner, c byte) bool {
	return c == '.' && s.then(preludeFirstDecimal) || preludeE(s, c)
}

func preludeFirstDecimal(s *PreludeScanner, c byte) bool {
	return isDigit(c) && s.then(preludeDecimals)
}

func preludeDecimals(s *PreludeScanner, c byte) bool {
	return isDigit(c) || preludeE(s, c)
}

func preludeE(s *PreludeScanner, c byte) bool {
	return (c == 'e' || c == 'E') && s.then(preludeSign) || preludeAfterValue(s, c)
}

func preludeSign(s *PreludeScanner, c byte) bool {
	return (c == '+' || c == '-') && s.then(preludeFirstExponent) || preludeFirstExponent(s, c)
}

func preludeFirstExponent(s *PreludeScanner, c byte) bool {
	return isDigit(c) && s.then(preludeExponent)
}

func preludeExponent(s *PreludeScanner, c byte) bool {
	return isDigit(c) || preludeAfterValue(s, c)
}

// then sets the next step. It returns true.
func (s *PreludeScanner) then(next preludeStep) bool {
	s.next = next
	return true
}

// enter opens an object or an array.
func (s *PreludeScanner) enter(bracket byte) bool {
	s.open = append(s.open, bracket)
	s.next = preludeFirstValue
	if bracket == '{' {
		s.next = preludeFirstKey
	}
	return len(s.open) <= maxNesting
}

// leave closes an object or an array, which must be the one opened last.
func (s *PreludeScanner) leave(bracket byte) bool {
	last := len(s.open) - 1
	if opened := s.open[last]; (opened == '{') != (bracket == '}') {
		return false
	}
	s.open = s.open[:last]
	s.next = preludeAfterValue
	if last == 0 {
		s.next = preludeZeros
	}
	return true
}

func isSpace(c byte) bool { return strings.IndexByte(jsonSpace, c) >= 0 }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
