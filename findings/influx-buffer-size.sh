#!/usr/bin/env bash
# KrakenD reports its metrics to InfluxDB, and keeps those of the last 100 failed reports
# ("telemetry/influx": {"buffer_size": 100}), so that a restart of InfluxDB leaves no hole.
# Expected: after InfluxDB is back, KrakenD sends the reports that failed. The documentation says
# so.
# What happens: krakend-influx takes buffer_size only if it is a Go int. A number in a JSON file
# is a float64, so the size is 0, and each failed report is dropped, without a word about
# buffer_size in the log. From a YAML file it would be an int. The buffer itself works.
# Why it matters: the hole is where somebody will look: the database and the gateway often have
# trouble at the same time. Counters go on after it, but the latencies are of one report only.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	influxdb "github.com/krakend/krakend-influx/v2"
	ginmetrics "github.com/krakend/krakend-metrics/v2/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
)

func main() {
	extra := parse(`{"version": 3, "extra_config": {
		"github_com/devopsfaith/krakend-metrics": {"collection_time": "200ms", "endpoint_disabled": true},
		"github_com/letgoapp/krakend-influx": {"address": "http://localhost:8086", "ttl": "200ms", "buffer_size": 100}
	}}`)
	settings := extra[influxdb.Namespace].(map[string]any)
	changed := resent(extra)
	settings["buffer_size"] = int(settings["buffer_size"].(float64))
	changed = !resent(extra) || changed
	if changed {
		log.Fatal("the behaviour has changed")
	}
}

// resent runs KrakenD's metrics beside a database that is down for two seconds, and says whether
// reports of that time arrive later.
func resent(extra config.ExtraConfig) bool {
	var mutex sync.Mutex
	failed := map[string]bool{} // the seconds of the reports that failed
	accepted, late, end := 0, false, time.Now().Add(2*time.Second)
	influx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/write" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		lines, err := io.ReadAll(r.Body)
		if err != nil {
			log.Fatal(err)
		}
		mutex.Lock()
		defer mutex.Unlock()
		down := time.Now().Before(end)
		if !down {
			accepted++
		}
		for line := range strings.Lines(string(lines)) {
			second := strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])
			if down {
				failed[second] = true
			} else if failed[second] && second < fmt.Sprint(end.Unix()) {
				late = true
			}
		}
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer influx.Close()

	settings := extra[influxdb.Namespace].(map[string]any)
	settings["address"] = influx.URL
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	metrics := ginmetrics.New(ctx, extra, logging.NoOp)
	if err := influxdb.New(ctx, extra, metrics, logging.NoOp); err != nil {
		log.Fatal(err)
	}
	for {
		time.Sleep(100 * time.Millisecond)
		mutex.Lock()
		done := accepted >= 5
		mutex.Unlock()
		if done {
			break
		}
	}
	cancel()
	mutex.Lock()
	defer mutex.Unlock()
	fmt.Printf("buffer_size %v (%[1]T): reports of %d seconds failed, sent again later: %t\n",
		settings["buffer_size"], len(failed), late)
	return late
}

func parse(text string) config.ExtraConfig {
	if err := os.WriteFile("krakend.json", []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	service, err := config.NewParser().Parse("krakend.json")
	if err != nil {
		log.Fatal(err)
	}
	return service.ExtraConfig
}
GO

# The sums of KrakenD-CE 2.13.8's go.sum.
cat >go.sum <<'SUM'
github.com/krakend/krakend-influx/v2 v2.2.0 h1:rLRjKZOC3Z+YktthQ4GC1/7AG0Vdre039nwva5utJ0Q=
github.com/krakend/krakend-influx/v2 v2.2.0/go.mod h1:4MBZmyPNfyfbu0fFcCPtuqjrLpQ+IPukkTKnH55RXxs=
github.com/krakend/krakend-metrics/v2 v2.2.0 h1:WFrbkfhkwIN47wdCB0rwOBAOedC6TtWPLqqfHqO7zPs=
github.com/krakend/krakend-metrics/v2 v2.2.0/go.mod h1:MplpTG5HSfXvI23F69PHI/aI98k3CAILcOHR//2xHB4=
SUM
if ! { go mod init example.test/finding &&
	go get github.com/krakend/krakend-influx/v2@v2.2.0 github.com/krakend/krakend-metrics/v2@v2.2.0 \
		github.com/luraproject/lura/v2@v2.14.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/krakend/krakend-influx/v2 github.com/krakend/krakend-metrics/v2 github.com/luraproject/lura/v2
go run .
