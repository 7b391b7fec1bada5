package adaptertest

import (
	"fmt"
	"strings"
	"sync"
)

// Recorder is a Logger that keeps its lines.
type Recorder struct {
	mu    sync.Mutex
	lines []string

	unclean []string
}

func (r *Recorder) log(level string, v []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, arg := range v {
		if s, ok := arg.(string); !ok || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' }) {
			r.unclean = append(r.unclean, fmt.Sprintf("%T %v", arg, arg))
		}
	}
	r.lines = append(r.lines, level+" "+strings.TrimSuffix(fmt.Sprintln(v...), "\n"))
}

func (r *Recorder) Debug(v ...any)    { r.log("DEBUG", v) }
func (r *Recorder) Info(v ...any)     { r.log("INFO", v) }
func (r *Recorder) Warning(v ...any)  { r.log("WARNING", v) }
func (r *Recorder) Error(v ...any)    { r.log("ERROR", v) }
func (r *Recorder) Critical(v ...any) { r.log("CRITICAL", v) }
func (r *Recorder) Fatal(v ...any)    { r.log("FATAL", v) }

// Unclean returns the logged values that are not strings, or that JSON would escape.
func (r *Recorder) Unclean() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unclean
}

// Level returns the lines of one level.
func (r *Recorder) Level(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, l := range r.lines {
		if strings.HasPrefix(l, name+" ") {
			lines = append(lines, l)
		}
	}
	return lines
}
