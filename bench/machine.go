package main

import (
	"os"
	"regexp"
	"runtime"
	"time"
)

// machine is where and when something was measured.
type machine struct {
	Go    string `json:"go"`
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Date  string `json:"date"`
}

func thisMachine() machine {
	return machine{
		Go:    runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		CPU:   cpuModel(),
		Cores: runtime.NumCPU(),
		Date:  time.Now().UTC().Format(time.DateOnly),
	}
}

// cpuModel is the kernel's name for the CPU, or the architecture's where it has none.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info); err == nil && m != nil {
		return string(m[1])
	}
	return runtime.GOARCH
}
