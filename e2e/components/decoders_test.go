package components

import (
	"context"
	"net/http"
	"strings"
	"testing"

	rss "github.com/devopsfaith/krakend-rss"
	xml "github.com/devopsfaith/krakend-xml"
)

// A document is a function whose reply is not JSON.
type document string

func (d document) Invoke(context.Context, []byte) ([]byte, error) { return []byte(d), nil }

// The decoders for XML and RSS recurse for each level of a document. Go ends a process that has no
// stack left, and code cannot recover from that. So the gateway refuses such documents before.
func TestNestedDocuments(t *testing.T) {
	for _, register := range []func() error{xml.Register, rss.Register} {
		if err := register(); err != nil {
			t.Fatal(err)
		}
	}
	const levels = 1_900_000 // fits into a reply, but not into the stack
	feed := func(inner string) string {
		return `<rss version="2.0" xmlns:x="y"><channel><title>teas</title><item><title>oolong</title>` + inner + `</item></channel></rss>`
	}
	for _, tc := range []struct {
		encoding, good, want, deep string
	}{
		{"xml", "<tea><name>oolong</name></tea>", `{"tea":{"name":"oolong"}}`, strings.Repeat("<a>", levels)},
		{"rss", feed(""), "oolong", feed(strings.Repeat("<x:a>", levels/2))},
	} {
		t.Run(tc.encoding, func(t *testing.T) {
			decoded := func(path, function string) object {
				e := endpoint(path, fixed(function))
				e["backend"].([]any)[0].(object)["encoding"] = tc.encoding
				return e
			}
			g := start(t, map[string]any{"good": document(tc.good), "deep": document(tc.deep)}, decoded("/good", "good"), decoded("/deep", "deep"))
			if got := g.get(t, "/good"); got.status != http.StatusOK || !strings.Contains(got.body, tc.want) {
				t.Errorf("got %d %s, want %s", got.status, got.body, tc.want)
			}
			if got := g.get(t, "/deep"); got.status != http.StatusBadGateway || got.calls != 1 {
				t.Errorf("got %d after %d calls, want a 502 after one", got.status, got.calls)
			}
		})
	}
}
