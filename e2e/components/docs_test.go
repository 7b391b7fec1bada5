package components

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/docstest"
)

// Every section of the documentation that configures one of the components runs here. The tests in e2e
// run all others, with KrakenD 2.
func TestDocs(t *testing.T) {
	sections, err := docstest.Sections("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		if s.Stack() != docstest.Components {
			continue
		}
		t.Run(s.Name(), func(t *testing.T) {
			for _, err := range s.Run(func(s docstest.Service) docstest.Gateway { return serve(t, s) }) {
				t.Error(err)
			}
		})
	}
}

// serve starts a gateway with its server.
func serve(t *testing.T, s docstest.Service) docstest.Gateway {
	t.Helper()
	if len(s.Keys) > 0 || len(s.Profiles) > 0 || s.STS != "" {
		t.Fatal("a section with components can only have endpoints, without profiles and roles")
	}
	g := start(t, nil, s.Version2().Endpoints...)
	server := httptest.NewServer(g.engine)
	t.Cleanup(server.Close)
	return docstest.Gateway{URL: server.URL, Log: g.text}
}

// text returns the log by levels, with lines as KrakenD's own logger writes them.
func (g *gateway) text() string {
	var text strings.Builder
	for _, level := range []string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL"} {
		for _, line := range g.log.Level(level) {
			text.WriteString(level + ":" + strings.TrimPrefix(line, level) + "\n")
		}
	}
	return text.String()
}
