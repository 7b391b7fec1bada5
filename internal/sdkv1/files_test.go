package sdkv1

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/session"
)

// This module finds the same sections in the shared files as the SDK.
func TestSections(t *testing.T) {
	for head, want := range map[string]bool{
		"[profile two words]":       true,
		"[two words]":               true,
		"[ profile two words ]":     true,
		"  [profile two words]":     true,
		"[profile two words] # c":   true,
		"[profile  two words]":      false,
		"[profile\ttwo words]":      false,
		"[profile two  words]":      false,
		"[Profile two words]":       false,
		"[profile 'two words']":     false,
		`[profile "two words"]`:     false,
		"['two words']":             false,
		"#[profile two words]":      false,
		"[x]\n[profile two words]":  true,
		"[x]\na=b\n[two words]":     true,
		"[profile two]\n[words]":    false,
		"[two words]\n[two words]":  true,
		";[two words]\n[two words]": true,
		"[x]\r\n[two words]":        true,
	} {
		environment(t, nil, head+"\nregion = eu-west-1\n", "")
		s, err := session.NewSessionWithOptions(session.Options{Profile: "two words", SharedConfigState: session.SharedConfigEnable})
		if err != nil {
			t.Fatal(err)
		}
		if sdk := aws.StringValue(s.Config.Region) == "eu-west-1"; sdk != want {
			t.Errorf("%q: the SDK finds it: %t, want %t", head, sdk, want)
		}
		if err := checkProfile("two words"); (err == nil) != want {
			t.Errorf("%q: got %v, want found: %t", head, err, want)
		}
	}
}

// sdkRegion returns the region that the SDK reads from a default profile with these lines. It returns
// false if the SDK reads nothing from the file, with or without an error.
func sdkRegion(t *testing.T, lines string) (string, bool) {
	t.Helper()
	environment(t, nil, "[default]\nsts_regional_endpoints = regional\n"+lines, "")
	s, err := session.NewSessionWithOptions(session.Options{SharedConfigState: session.SharedConfigEnable})
	if err != nil {
		return "", false
	}
	return aws.StringValue(s.Config.Region), s.Config.STSRegionalEndpoint == endpoints.RegionalSTSEndpoint
}

// This module reads values as the SDK does.
func TestValues(t *testing.T) {
	for value, want := range map[string]string{
		"prog --x y":       "prog --x y",
		"prog # c":         "prog",
		"prog ; c":         "prog",
		"prog#c":           "prog#c",
		"prog x=#c":        "prog x=",
		"prog a,b":         "prog a,b",
		"prog a ,b":        "", // the SDK drops it
		`prog "a # b" 'c'`: `prog "a # b" 'c'`,
		`"prog x"`:         "prog x",
		`"prog x" # c`:     "prog x",
		`"prog" x`:         "prog",
		`"prog",`:          "", // the SDK drops it
		`"prog" x ,y`:      "",
		`"prog" x,y`:       "prog",
		`"prog" # ,c`:      "prog",
		`"C:\\prog"`:       `C:\prog`,
		`"a \"b\" c"`:      `a "b" c`,
		"'prog x' y":       "'prog x' y",
		"a[b]:c=d":         "a[b]:c=d",
		"a [#b":            "a [",
	} {
		sdk, ok := sdkRegion(t, "region = "+value+"\n")
		if got := newProfile(readFiles(), "default").get("region"); !ok || got != want || sdk != want {
			t.Errorf("%s: got %q, of the SDK %q, %t; want %q", value, got, sdk, ok, want)
		}
	}
}

// Keys of nested blocks belong to the block.
func TestNestedKeys(t *testing.T) {
	for config, want := range map[string]string{
		"s3 =\n  region = a\nregion = b\n":                                   "b",
		"s3 =\n\tregion = a\n":                                               "",
		"s3 = x\n  region = a\n":                                             "a",
		"s3 =\n  x = y\n\n  region = a\n":                                    "a",
		"s3 =\n[default]\nsts_regional_endpoints = regional\n  region = a\n": "a",
		"s3 =\r\n  region = a\r\nregion = b\r\n":                             "b",
	} {
		sdk, ok := sdkRegion(t, config)
		if got := newProfile(readFiles(), "default").get("region"); !ok || got != want || sdk != want {
			t.Errorf("%q: got %q, of the SDK %q, %t; want %q", config, got, sdk, ok, want)
		}
	}
	environment(t, nil, "[services x]\nlambda =\n  endpoint_url = http://127.0.0.1:1\n  max = 1\nsts=\n\tendpoint_url=y\n", "")
	services := readFiles()[0]["services x"]
	if services.get("lambda.endpoint_url") != "http://127.0.0.1:1" || services.get("sts.endpoint_url") != "y" || services.get("endpoint_url") != "" {
		t.Errorf("got %v", services)
	}
}

// FuzzValues checks that this module reads the same values as the SDK, for any files.
func FuzzValues(f *testing.F) {
	for _, value := range []string{"eu-west-1", `"a \"b" # c`, "a ,b", "a\t#b", `"a\\n"`, "a = [b]; c", "\"\"", "ü", "a b\t # c", "[ \t#"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\n\r\x00\v\f\u0085\u00a0\ufffd") || strings.TrimSpace(value) != value || value == "" {
			t.Skip("not one line")
		}
		want, ok := sdkRegion(t, "region = "+value+"\n")
		if got := newProfile(readFiles(), "default").get("region"); ok && got != want {
			t.Errorf("%q: got %q, want the SDK's %q", value, got, want)
		}
	})
}
