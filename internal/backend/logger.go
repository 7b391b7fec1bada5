package backend

import (
	"fmt"
	"log"
	"os"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Logger is the part of KrakenD's loggers that a backend uses. It only receives strings.
type Logger interface {
	Debug(v ...any)
	Info(v ...any)
	Warning(v ...any)
	Error(v ...any)
}

// stderrLogger writes warnings and errors to standard error and drops the rest. It serves builds
// that pass no logger to their backend factories. The standard logger does not work there:
// importing KrakenD's logging package sends its output to io.Discard.
type stderrLogger struct{ *log.Logger }

// cleanLogger passes cleaned strings on: see text.Clean.
type cleanLogger struct{ Logger }

// NewLogger returns a logger whose lines never have double quotes, backslashes or control
// characters. They go to l, or to standard error if l is nil.
func NewLogger(l Logger) Logger {
	switch l := l.(type) {
	case nil:
		return cleanLogger{stderrLogger{log.New(os.Stderr, "", log.LstdFlags)}}
	case cleanLogger:
		return l
	}
	return cleanLogger{l}
}

func (l cleanLogger) Debug(v ...any)   { l.Logger.Debug(clean(v)...) }
func (l cleanLogger) Info(v ...any)    { l.Logger.Info(clean(v)...) }
func (l cleanLogger) Warning(v ...any) { l.Logger.Warning(clean(v)...) }
func (l cleanLogger) Error(v ...any)   { l.Logger.Error(clean(v)...) }

// clean cleans the arguments of a call, and returns them. It replaces only those that change.
func clean(v []any) []any {
	for i := range v {
		s, isString := v[i].(string)
		if !isString {
			s = fmt.Sprint(v[i])
		}
		if cleaned := text.Clean(s); !isString || cleaned != s {
			v[i] = cleaned
		}
	}
	return v
}

func (stderrLogger) Debug(...any) {}
func (stderrLogger) Info(...any)  {}

func (l stderrLogger) Warning(v ...any) { l.Println(append([]any{"WARNING:"}, v...)...) }
func (l stderrLogger) Error(v ...any)   { l.Println(append([]any{"ERROR:"}, v...)...) }
