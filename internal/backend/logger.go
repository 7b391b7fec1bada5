package backend

import (
	"log"
	"os"
)

// Logger is the part of KrakenD's loggers that a backend writes to.
type Logger interface {
	Debug(v ...any)
	Info(v ...any)
	Warning(v ...any)
	Error(v ...any)
}

// stderrLogger writes warnings and errors to standard error and drops the rest.
// It serves the builds that hand their backend factories no logger: the standard
// logger is no choice there, because importing KrakenD's logging package sends
// its output to io.Discard.
type stderrLogger struct{ *log.Logger }

// NewStderrLogger returns the logger of builds that hand over none.
func NewStderrLogger() Logger {
	return stderrLogger{log.New(os.Stderr, "", log.LstdFlags)}
}

func (stderrLogger) Debug(...any) {}
func (stderrLogger) Info(...any)  {}

func (l stderrLogger) Warning(v ...any) { l.Println(append([]any{"WARNING:"}, v...)...) }
func (l stderrLogger) Error(v ...any)   { l.Println(append([]any{"ERROR:"}, v...)...) }
