package backend

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// A codeRow is a row of docs/errors.md about an error code.
type codeRow struct {
	aws, client int // statuses
	retried     bool
	advice      string
}

var codeRowFormat = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d{3}) \\| (\\d{3}) \\| (yes|no) \\| ([A-Z].*\\.) \\|$")

// documentedCodes returns the rows of docs/errors.md by code.
func documentedCodes(t *testing.T) map[string]codeRow {
	t.Helper()
	const heading = "### Every code of the Invoke API\n"
	_, section, found := strings.Cut(readFile(t, "../../docs/errors.md"), heading)
	if !found {
		t.Fatalf("docs/errors.md has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	rows := make(map[string]codeRow)
	for _, m := range codeRowFormat.FindAllStringSubmatch(section, -1) {
		aws, _ := strconv.Atoi(m[2])
		client, _ := strconv.Atoi(m[3])
		rows[m[1]] = codeRow{aws, client, m[4] == "yes", m[5]}
	}
	if got, want := len(rows), strings.Count(section, "\n| `"); got != want {
		t.Errorf("docs/errors.md: got %d valid rows with different codes, want %d", got, want)
	}
	return rows
}

// Each error code of the Invoke operation has a row in clientErrors and in docs/errors.md, and calls
// behave as documented.
func TestEveryCode(t *testing.T) {
	documented := documentedCodes(t)
	codes := make(map[string]bool)
	for line := range strings.Lines(readFile(t, "../invoke/testdata/invoke-errors.txt")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var status int
		var code string
		if _, err := fmt.Sscan(line, &status, &code); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		codes[code] = true
		t.Run(code, func(t *testing.T) {
			if _, ok := clientErrors[code]; !ok {
				t.Error("clientErrors has no row")
			}
			row, ok := documented[code]
			if !ok {
				t.Fatal("docs/errors.md has no row")
			}
			if row.aws != status {
				t.Errorf("docs/errors.md: got AWS's status %d, want %d", row.aws, status)
			}
			if heals := row.client == http.StatusServiceUnavailable && row.retried; heals != strings.HasSuffix(row.advice, "Wait and try again.") {
				t.Errorf("docs/errors.md: retried: %t, but the advice is: %s", heals, row.advice)
			}
			for _, stream := range []bool{false, true} {
				s := api(t, `{}`)
				s.Fail("f", lambdatest.APIError(status, code, "").Always())
				b, _ := newBackend(t, s, Spec{Encoding: "no-op"}, map[string]any{"function_name": "f", "max_retries": 1, "stream": stream})
				_, err := do(t.Context(), b, &Request{})
				var e *Error
				if !errors.As(err, &e) || e.StatusCode() != row.client {
					t.Errorf("stream %t: got %v, want the status %d", stream, err, row.client)
				}
				if got := len(s.Calls()) == 2; got != row.retried {
					t.Errorf("stream %t: retried: %t, want %t", stream, got, row.retried)
				}
			}
		})
	}
	if len(codes) != 43 {
		t.Errorf("got %d codes, want 43", len(codes))
	}
	for _, code := range slices.Concat(slices.Collect(maps.Keys(documented)), slices.Collect(maps.Keys(clientErrors))) {
		if !codes[code] {
			t.Errorf("%s has a row, but is not an error of the Invoke operation", code)
		}
	}
}
