package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"time"
)

// machine is what was measured, where and when. Every file of results begins with it.
type machine struct {
	Go    string `json:"go"`
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Date  string `json:"date"`
	// Commit is the repository's, empty where git does not tell. Dirty tells that there were
	// changes, or files, that are not in it.
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty,omitempty"`
	// Versions are those of the compared modules, by program and module. What comes from the
	// repository itself has none.
	Versions map[string]map[string]string `json:"versions,omitempty"`
	// Smoke and Partial mark results that are not fit for the report: of a few calls only,
	// and of some contestants, cells or rounds only.
	Smoke   bool `json:"smoke,omitempty"`
	Partial bool `json:"partial,omitempty"`
}

func thisMachine(ctx context.Context) machine {
	m := machine{
		Go:    runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		CPU:   cpuModel(),
		Cores: runtime.NumCPU(),
		Date:  time.Now().UTC().Format(time.DateOnly),
	}
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return m
	}
	changes, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output()
	if err != nil {
		return m
	}
	m.Commit, m.Dirty = string(bytes.TrimSpace(commit)), len(changes) > 0
	return m
}

// cpuModel is the kernel's name for the CPU, or the architecture's where it has none.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info); err == nil && m != nil {
		return string(m[1])
	}
	return runtime.GOARCH
}

// The modules that contestants are made of.
const (
	lura2Module       = "github.com/luraproject/lura/v2"
	lura1Module       = "github.com/luraproject/lura"
	sdkModule         = "github.com/aws/aws-sdk-go"
	published2Module  = "github.com/krakendio/krakend-lambda/v2"
	published14Module = "github.com/devopsfaith/krakend-lambda"
)

// versions reads from the programs of the contestants which modules are in them.
func (l *lab) versions() (map[string]map[string]string, error) {
	modules := []string{lura2Module, lura1Module, sdkModule, published2Module, published14Module}
	all := make(map[string]map[string]string)
	for _, c := range contestants() {
		if all[c.binary] != nil {
			continue
		}
		info, err := buildinfo.ReadFile(l.program(c.binary))
		if err != nil {
			return nil, err
		}
		versions := make(map[string]string)
		for _, d := range info.Deps {
			if d.Replace == nil && slices.Contains(modules, d.Path) {
				versions[d.Path] = d.Version
			}
		}
		all[c.binary] = versions
	}
	return all, nil
}

// version returns that of a module in the program of a contestant.
func (m machine) version(name, module string) string {
	for _, c := range contestants() {
		if v := m.Versions[c.binary][module]; c.Name == name && v != "" {
			return v
		}
	}
	return "of an unknown version"
}

// Lura2 and the others are versions, for the report.
func (m machine) Lura2() string       { return m.version(ours, lura2Module) }
func (m machine) Lura14() string      { return m.version(ours14, lura1Module) }
func (m machine) SDK() string         { return m.version(sdk, sdkModule) }
func (m machine) Published2() string  { return m.version(published, published2Module) }
func (m machine) Published14() string { return m.version(published14, published14Module) }

// Provenance says what was measured, where and when.
func (m machine) Provenance() string {
	return fmt.Sprintf("Measured on %s with %s on %d cores of %s, at %s.", m.Date, m.Go, m.Cores, m.CPU, m.source())
}

// source is the commit, and whether it is all.
func (m machine) source() string {
	if m.Commit == "" {
		return "an unknown commit"
	}
	s := "commit " + m.Commit[:min(len(m.Commit), 12)]
	if m.Dirty {
		s += " with changes"
	}
	return s
}

// fit tells why the results cannot be reported, nil where they can.
func (m machine) fit() error {
	switch {
	case m.Smoke:
		return fmt.Errorf("it is of a run with -smoke, whose figures say nothing")
	case m.Partial:
		return fmt.Errorf("it is of a part of a run")
	case m.Commit == "":
		return fmt.Errorf("it is of an unknown commit")
	}
	return nil
}
