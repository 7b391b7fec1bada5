#!/usr/bin/env bash
# A function in Go handles records of Kinesis. It reads the time of arrival, which the event has in
# seconds with three decimals: 1545084650.987.
# Expected: 987 milliseconds, as in the event.
# What happens: aws-lambda-go's events parse the time as a float64 and cut its fraction off at whole
# nanoseconds: 986999988. UnixMilli and Format give 986, for 496 of the 1000 milliseconds of that
# second. A time that was parsed and is written as JSON again looks right. DynamoDB's events use the
# same type for the time of a change.
# Why it matters: ids and file names with the time differ from those that another program makes of the
# same record. A test that uses whole seconds, or writes the event as JSON, passes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/aws/aws-lambda-go/events"
)

// arrival returns the time of arrival of a record from an event.
func arrival(text string) events.SecondsEpochTime {
	var event events.KinesisEvent
	if err := json.Unmarshal([]byte(`{"Records":[{"kinesis":{"approximateArrivalTimestamp":`+text+`}}]}`), &event); err != nil {
		log.Fatal(err)
	}
	return event.Records[0].Kinesis.ApproximateArrivalTimestamp
}

func main() {
	for _, text := range []string{"1545084650", "1545084650.5", "1545084650.987"} {
		t := arrival(text)
		again, err := json.Marshal(t)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-15s UnixMilli %d, Format %s, as JSON %s\n", text, t.UnixMilli(), t.UTC().Format("15:04:05.000"), again)
	}
	wrong := 0
	for ms := range 1000 {
		if arrival(fmt.Sprintf("1545084650.%03d", ms)).UnixMilli() != 1545084650000+int64(ms) {
			wrong++
		}
	}
	fmt.Printf("wrong: %d of 1000 milliseconds\n", wrong)
	if wrong != 496 {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/aws/aws-lambda-go@v1.55.1 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/aws/aws-lambda-go
go run .
