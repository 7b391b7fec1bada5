package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

func TestFunctionFromParam(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		verbatim    bool
		want        Function
	}{
		{"capitalized", "my-lambda", false, Function{Name: "My-lambda", Capitalized: true}},
		{"verbatim", "my-lambda", true, Function{Name: "my-lambda"}},
		{"a capital", "My-lambda", false, Function{Name: "My-lambda"}},
		{"the last letters", "zZz", false, Function{Name: "ZZz", Capitalized: true}},
		{"a digit first", "1st_f", false, Function{Name: "1st_f"}},
		{"with a version", "my-lambda:3", false, Function{Name: "My-lambda", Qualifier: "3", Capitalized: true}},
		{"with an alias", "f:Live", true, Function{Name: "f", Qualifier: "Live"}},
		{"$LATEST", "f:$LATEST", true, Function{Name: "f", Qualifier: "$LATEST"}},
		{"$LATEST.PUBLISHED", "f:$LATEST.PUBLISHED", true, Function{Name: "f", Qualifier: "$LATEST.PUBLISHED"}},
		{"the longest", strings.Repeat("f", 64) + ":" + strings.Repeat("q", 128), true, Function{Name: strings.Repeat("f", 64), Qualifier: strings.Repeat("q", 128)}},
		// In one piece, AWS would take these prefixes for an account, a region and a keyword.
		{"an account id", "123456789012:f", true, Function{Name: "123456789012", Qualifier: "f"}},
		{"a region", "us-east-1:f", true, Function{Name: "us-east-1", Qualifier: "f"}},
		{"a keyword", "function:f", true, Function{Name: "function", Qualifier: "f"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := Config{ParamName: "Lambda", Verbatim: tc.verbatim}
			got, err := cfg.FunctionOf(map[string]string{"Lambda": tc.value, "lambda": "other", "": "other"})
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestFunctionFromParamRefused(t *testing.T) {
	for _, value := range []string{
		"", ":", "f:", ":q", "a b", "a/b", "a%2Fb", "../f", "..", ".", "f\x00", "f\n", "f?Qualifier=1", "f#", "é", "ｆ",
		"f:1:2", "f:é", "a.b", "f:a.b", "f:v1.PUBLISHED", "f:$LATEST.", "f:$LATEST.1", "f:$LATEST.PUBLISHED.", "f:$latest", "f:LATEST.PUBLISHED", "f:$LATESTX", "f:a$b", "f.PUBLISHED", "f:$LATEST.PUBLISHED\n", "$LATEST", strings.Repeat("f", 65), "f:" + strings.Repeat("q", 129), strings.Repeat("f", 10<<10),
		"arn:aws:lambda:us-west-2:123456789012:function:f", "arn:aws:lambda:eu-west-1:210987654321:function:f:1",
		"Arn:aws:lambda:us-west-2:123456789012:function:f", "123456789012:function:f", "function:f:1",
		"arn:aws:s3:::bucket", "us-east-1:123456789012:f",
	} {
		for _, verbatim := range []bool{false, true} {
			cfg := Config{ParamName: "Lambda", Verbatim: verbatim}
			got, err := cfg.FunctionOf(map[string]string{"Lambda": value})
			if err == nil {
				t.Errorf("%.80q: got %+v, want an error", value, got)
				continue
			}
			var refused *Refused
			if !errors.As(err, &refused) || got != (Function{}) {
				t.Errorf("%.80q: got %+v and %T, want nothing and a *Refused", value, got, err)
			}
			if n := len(err.Error()); n > 2*text.MaxDetail {
				t.Errorf("%.80q: the error has %d bytes", value, n)
			}
		}
	}
}

func TestFunctionMissingParam(t *testing.T) {
	cfg := Config{ParamName: "Lambda"}
	for _, params := range []map[string]string{nil, {}, {"lambda": "f"}, {"Lambda": ""}} {
		_, err := cfg.FunctionOf(params)
		if err == nil {
			t.Fatalf("%v: got no error", params)
		}
		if got, want := err.Error(), `the request has no param 'Lambda' to name the function`; got != want {
			t.Errorf("%v: got %q, want %q", params, got, want)
		}
	}
}

func TestFixedFunctionIsNeverChanged(t *testing.T) {
	cfg, _, err := Parse(map[string]any{"function_name": "my-lambda", "function_name_case": "capitalized"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, e := cfg.FunctionOf(map[string]string{"Lambda": "other"})
	if want := (Function{Name: "my-lambda"}); e != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, e, want)
	}
}
