#!/usr/bin/env bash
# KrakenD runs where TZ=Asia/Kolkata is set, and logs with "format": "logstash"
# (telemetry/logging).
# Expected: "@timestamp" is the time of the log line, in whatever offset.
# What happens: krakend-gologging writes the local time, and behind it always "+00:00". In a layout
# of Go, "-07:00" stands for the offset, and "+00:00" is plain text. So each line is five and a
# half hours in the future. With TZ=UTC, the default in containers, the time is right.
# Why it matters: Logstash and Kibana sort the gateway's lines hours away from those of its
# backends, and alerts on "the last five minutes" do not see them.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"
	_ "time/tzdata" // for machines without time zones

	gologging "github.com/krakend/krakend-gologging/v2"
	"github.com/luraproject/lura/v2/config"
)

func main() {
	want, err := time.ParseDuration(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var line bytes.Buffer
	logger, err := gologging.NewLogger(config.ExtraConfig{
		// "telemetry/logging" in a configuration file
		gologging.Namespace: map[string]any{"level": "INFO", "format": "logstash"},
	}, &line)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Now()
	logger.Info("listening")
	var entry struct {
		Time time.Time `json:"@timestamp"`
	}
	if err := json.Unmarshal(line.Bytes(), &entry); err != nil {
		log.Fatal(err)
	}
	off := entry.Time.Sub(now).Round(time.Minute)
	fmt.Printf("TZ=%s: %s  that is %v off\n", os.Getenv("TZ"), line.String(), off)
	if off != want {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/krakend/krakend-gologging/v2@v2.1.1 github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/krakend-gologging/v2 github.com/luraproject/lura/v2
TZ=UTC go run . 0s
TZ=Asia/Kolkata go run . 5h30m
TZ=America/Bogota go run . -5h
