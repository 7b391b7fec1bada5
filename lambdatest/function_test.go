package lambdatest_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// call invokes a function with headers, and with a qualifier where that is not empty.
func call(t *testing.T, server *lambdatest.Server, function, qualifier, payload string, header map[string]string) answer {
	t.Helper()
	req := newRequest(t, server, function, payload)
	if qualifier != "" {
		req.URL.RawQuery = url.Values{"Qualifier": {qualifier}}.Encode()
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	sign(t, req, payload, "lambda")
	return do(t, req)
}

func TestTenants(t *testing.T) {
	server := newServer(t, map[string]any{"f": lambdatest.Function{
		TenantIsolation: true,
		Handler: func(ctx context.Context) (string, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			return lc.TenantID, nil
		},
	}})

	const tenant = "Blue._:/=+@ -7"
	got := call(t, server, "f", "", "", map[string]string{"X-Amz-Tenant-Id": tenant})
	if want := `"` + tenant + `"`; got.status != http.StatusOK || got.body != want {
		t.Errorf("got %d %s, want 200 %s", got.status, got.body, want)
	}
	if got := server.Calls()[0].TenantID; got != tenant {
		t.Errorf("got tenant %q recorded, want %q", got, tenant)
	}

	for _, invocationType := range []string{"RequestResponse", "Event", "DryRun"} {
		got := call(t, server, "f", "", "", map[string]string{"X-Amz-Invocation-Type": invocationType})
		checkRefusal(t, got, http.StatusBadRequest, "InvalidParameterValueException",
			"The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.")
	}
}

func TestVersions(t *testing.T) {
	is := func(s string) any { return func() (string, error) { return s, nil } }
	server := newServer(t, map[string]any{"f": lambdatest.Function{
		Handler:  is("latest"),
		Versions: map[string]any{"1": is("one"), "live": is("alias")},
	}})
	for qualifier, want := range map[string]string{
		"": "latest", "$LATEST": "latest", "$LATEST.PUBLISHED": "latest", "1": "one", "live": "alias",
	} {
		if got := call(t, server, "f", qualifier, "", nil); got.status != http.StatusOK || got.body != `"`+want+`"` {
			t.Errorf("qualifier %q: got %d %s, want 200 %q", qualifier, got.status, got.body, want)
		}
	}
	checkRefusal(t, call(t, server, "f", "2", "", nil), http.StatusNotFound, "ResourceNotFoundException",
		"Function not found: arn:aws:lambda:eu-west-1:000000000000:function:f:2")

	for _, qualifier := range []string{"", "$LATEST", "v1.2"} {
		f := lambdatest.Function{Handler: echo, Versions: map[string]any{qualifier: echo}}
		checkPanics(t, "Handle", func() { server.Handle("g", f) })
		checkPanics(t, "NewServer", func() { lambdatest.NewServer(map[string]any{"g": f}).Close() })
	}
}
