//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// checkEvent decodes an event strictly, and checks fields that the adapters do not use.
func checkEvent(t *testing.T, c adapterCase, f eventFormat, payload []byte) {
	t.Helper()
	event := reflect.New(reflect.TypeOf(f.event)).Interface()
	strictly(t, payload, event)
	switch event := event.(type) {
	case *restEvent:
		// A REST API without binary media types turns every body into text.
		if event.IsBase64Encoded == utf8.ValidString(c.Body) {
			t.Errorf("isBase64Encoded: got %t for the body %.200q", event.IsBase64Encoded, c.Body)
		}
	case *events.ALBTargetGroupRequest:
		checkALBEvent(t, c, event, f.name == "alb-multi")
	}
}

// checkALBEvent checks that bodies are as from a load balancer, and that headers and query strings
// are in one place only.
func checkALBEvent(t *testing.T, c adapterCase, event *events.ALBTargetGroupRequest, multi bool) {
	t.Helper()
	contentType := ""
	for _, h := range c.Header {
		if h.Name == "Content-Type" {
			contentType, _, _ = strings.Cut(h.Value, ";")
		}
	}
	text := strings.HasPrefix(contentType, "text/") || contentType == "application/json" || contentType == "application/xml"
	if want := c.Body != "" && !text; event.IsBase64Encoded != want {
		t.Errorf("isBase64Encoded: got %t for a body of the type %q", event.IsBase64Encoded, contentType)
	}
	if got := event.RequestContext.ELB.TargetGroupArn; got != targetGroup {
		t.Errorf("targetGroupArn: got %q", got)
	}
	if (event.Headers == nil) != multi || (event.MultiValueHeaders == nil) == multi {
		t.Errorf("got headers %v, multiValueHeaders %v", event.Headers, event.MultiValueHeaders)
	}
	if (event.QueryStringParameters == nil) != multi || (event.MultiValueQueryStringParameters == nil) == multi {
		t.Errorf("got queryStringParameters %v, multiValueQueryStringParameters %v", event.QueryStringParameters, event.MultiValueQueryStringParameters)
	}
}

// checkSchema checks events with Powertools' schema of their format.
func checkSchema(t *testing.T, n *node, f eventFormat, recorded []json.RawMessage) {
	seen := make(map[string]bool)
	for i, problems := range n.problems(t, f.name, recorded) {
		for _, p := range problems {
			if !seen[p] {
				seen[p] = true
				t.Errorf("%s in the event\n%.2000s", p, recorded[i])
			}
		}
	}
}

// checkTypes writes events as literals, and lets TypeScript check them with the types of
// @types/aws-lambda. This finds missing and unknown members.
func checkTypes(t *testing.T, recorded map[string][]json.RawMessage) {
	var b strings.Builder
	b.WriteString("import type * as lambda from 'aws-lambda'\n")
	i := 0
	for _, f := range eventFormats {
		for _, event := range recorded[f.name] {
			i++
			fmt.Fprintf(&b, "export const event%d: lambda.%s = %s\n", i, f.typeScript, event)
		}
	}
	modules, err := filepath.Abs(filepath.Join(adaptersDir, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "events.ts"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	tsc := exec.CommandContext(t.Context(), filepath.Join(modules, ".bin", "tsc"), "--strict", "--noEmit", "--skipLibCheck", "--pretty", "false", "events.ts")
	tsc.Dir = dir
	if out, err := tsc.CombinedOutput(); err != nil {
		t.Errorf("tsc: %v\n%.4000s", err, out)
	}
}
