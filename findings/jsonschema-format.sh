#!/usr/bin/env bash
# A KrakenD endpoint checks the bodies of its requests (validation/json-schema). The schema has no
# "$schema", like the examples in KrakenD's documentation, and says "format": "date-time" of a
# delivery time.
# Expected: after an update of KrakenD, the same bodies get a 400.
# What happens: krakend-jsonschema v2.2.1 (KrakenD-CE 2.13) takes a schema without "$schema" for
# one of draft 2020-12, where "format" is a remark and checks nothing. v2.0.3 (KrakenD-CE 2.10)
# checks the format. The log says nothing. With "$schema":
# "http://json-schema.org/draft-07/schema#" the check is back.
# Why it matters: the backend stores "tomorrow" as a time. All other keywords still work, so a test
# with a missing field gets its 400.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/krakend/krakend-jsonschema/v2"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
)

const order = `"type": "object", "required": ["at"], "properties": {"at": {"type": "string", "format": "date-time"}}`

func main() {
	withoutSchema := os.Args[1] // what happens to "tomorrow" if the schema has no "$schema"
	changed := false
	for _, test := range []struct{ schema, body, want string }{
		{`{` + order + `}`, `{"at":"2026-12-24T08:00:00Z"}`, "passes"},
		{`{` + order + `}`, `{}`, "400"},
		{`{` + order + `}`, `{"at":"tomorrow"}`, withoutSchema},
		{`{"$schema": "http://json-schema.org/draft-07/schema#", ` + order + `}`, `{"at":"tomorrow"}`, "400"},
	} {
		var schema map[string]any
		if err := json.Unmarshal([]byte(test.schema), &schema); err != nil {
			log.Fatal(err)
		}
		var lines bytes.Buffer
		logger, err := logging.NewLogger("INFO", &lines, "")
		if err != nil {
			log.Fatal(err)
		}
		backend := proxy.FactoryFunc(func(*config.EndpointConfig) (proxy.Proxy, error) { return proxy.NoopProxy, nil })
		endpoint, err := jsonschema.ProxyFactory(logger, backend).New(&config.EndpointConfig{
			// "validation/json-schema" in a configuration file
			ExtraConfig: config.ExtraConfig{jsonschema.Namespace: schema},
		})
		if err != nil {
			log.Fatal(err)
		}
		got := "passes"
		_, err = endpoint(context.Background(), &proxy.Request{Body: io.NopCloser(strings.NewReader(test.body))})
		if failed, ok := err.(interface{ StatusCode() int }); ok {
			got = fmt.Sprint(failed.StatusCode())
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n  %s %s, lines in the log: %d\n", test.schema, test.body, got, lines.Len())
		changed = changed || got != test.want || lines.Len() != 0
	}
	if changed {
		log.Fatal("the behaviour has changed")
	}
}
GO

for module in krakendio/krakend-jsonschema/v2@v2.0.3 krakend/krakend-jsonschema/v2@v2.2.1; do
	rm -rf run
	mkdir run
	sed "s|krakend/krakend-jsonschema/v2|${module%@*}|" main.go >run/main.go
	if ! { cd run && go mod init example.test/finding &&
		go get "github.com/$module" github.com/luraproject/lura/v2@v2.14.1 &&
		go mod tidy; } >"$dir/setup.log" 2>&1; then
		cat "$dir/setup.log" >&2
		exit 1
	fi
	go list -m "github.com/${module%@*}" github.com/luraproject/lura/v2
	if [ "$module" = krakend/krakend-jsonschema/v2@v2.2.1 ]; then
		go run . passes
	else
		go run . 400
	fi
	cd ..
done
