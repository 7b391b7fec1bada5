// Package logging has what the adapter uses of the package of that name in Lura 3.
package logging

// Logger is the gateway's.
type Logger interface {
	Debug(v ...interface{})
	Info(v ...interface{})
	Warning(v ...interface{})
	Error(v ...interface{})
	Critical(v ...interface{})
	Fatal(v ...interface{})
}

// NoOp drops all lines.
var NoOp Logger
