package lambda

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/devopsfaith/krakend-lambda/internal/adaptertest"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/proxy"
)

// requiredClaims finds claims in a url_pattern like KrakenD's validator: with the expression of
// github.com/krakend/krakend-jose/v2, after the proxy of the endpoint was made.
var requiredClaims = regexp.MustCompile(`{{\.JWT\.([^}]*)}}`)

// The validator sets the claims that templates name, for any number of proxies. Events and the log have
// the original url_pattern.
func TestClaimsOfTemplates(t *testing.T) {
	for settings, want := range map[string]string{
		`"tenant_id": "{JWT.tenant}"`:                             "/f?JWT.tenant={{.JWT.tenant}}",
		`"tenant_id": "{JWT.sub}:{JWT.tenant}:{JWT.sub}"`:         "/f?JWT.sub={{.JWT.sub}}&JWT.tenant={{.JWT.tenant}}",
		`"tenant_id": "{id}"`:                                     "/f",
		`"tenant_id": "{JWT.tenant}", "max_retries": "x"`:         "/f",
		`"durable_execution_name": "{JWT.a.b}", "qualifier": "7"`: "/f?JWT.a.b={{.JWT.a.b}}",
	} {
		log := &adaptertest.Recorder{}
		endpoint := parse(t, `{"endpoint": "/x/{id}", "backend": [{"url_pattern": "/f", "extra_config": {"backend/lambda": {"function_name": "f", "region": "us-west-2", `+settings+`}}}]}`)
		factory := BackendFactory(log, nil, CheckOnly())
		for range 2 {
			factory(endpoint.Backend[0])
			if got := endpoint.Backend[0].URLPattern; got != want {
				t.Errorf("%s: got the url_pattern %s, want %s", settings, got, want)
			}
		}
		if lines := log.Level("WARNING"); len(lines) != 0 {
			t.Errorf("%s: got %q", settings, lines)
		}
	}
}

// A claim that the url_pattern already contains is not added.
func TestClaimsOfTheURLPattern(t *testing.T) {
	endpoint := parse(t, `{"endpoint": "/x/{id}", "backend": [{"url_pattern": "/f/{JWT.tenant}?a={id}", "extra_config": {"backend/lambda": {"function_name": "f", "region": "us-west-2", "tenant_id": "{JWT.tenant}-{JWT.sub}"}}}]}`)
	BackendFactory(&adaptertest.Recorder{}, nil, CheckOnly())(endpoint.Backend[0])
	if got, want := endpoint.Backend[0].URLPattern, "/f/{{.JWT.tenant}}?a={{.Id}}&JWT.sub={{.JWT.sub}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A validated token's claim is the tenant. The client cannot replace it.
func TestTenantOfAClaim(t *testing.T) {
	var tenants []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenants = append(tenants, r.Header.Get("X-Amz-Tenant-Id"))
		w.Write([]byte("{}"))
	}))
	defer s.Close()
	log := &adaptertest.Recorder{}
	endpoint := parse(t, `{"endpoint": "/x/{id}", "backend": [{"extra_config": {"backend/lambda": {"function_name": "f", "tenant_id": "{JWT.tenant}"}}}]}`)
	cfg := aws.Config{Region: "us-west-2", BaseEndpoint: &s.URL, Credentials: aws.AnonymousCredentials{}}
	next := func(*config.Backend) proxy.Proxy { return proxy.NoopProxy }
	p, err := proxy.NewDefaultFactory(BackendFactory(log, next, WithConfig(cfg)), log).New(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forged := func(params map[string]string) *proxy.Request {
		return &proxy.Request{
			Params: params, Query: map[string][]string{"JWT.tenant": {"red"}, "tenant": {"red"}}, Headers: map[string][]string{"X-Amz-Tenant-Id": {"red"}, "Jwt.tenant": {"red"}},
		}
	}
	if _, err := p(t.Context(), forged(map[string]string{"Id": "7"})); err == nil {
		t.Error("got no error without the claim")
	}
	params := map[string]string{"Id": "7"}
	for _, match := range requiredClaims.FindAllStringSubmatch(endpoint.Backend[0].URLPattern, -1) {
		params["JWT."+match[1]] = "blue"
	}
	if _, err := p(t.Context(), forged(params)); err != nil {
		t.Error(err)
	}
	if len(tenants) != 1 || tenants[0] != "blue" {
		t.Errorf("got the tenants %q, want only blue", tenants)
	}
}

// KrakenD's own errors show the original url_pattern, even with a second proxy.
func TestClaimsAreNotInErrors(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"statusCode":404}`)) }))
	defer s.Close()
	backend := parse(t, `{"endpoint": "/x", "backend": [{"url_pattern": "/f", "extra_config": {"backend/lambda": {"function_name": "f", "tenant_id": "{JWT.tenant}", "response_format": "proxy"}}}]}`).Backend[0]
	factory := BackendFactory(&adaptertest.Recorder{}, nil, WithConfig(aws.Config{Region: "us-west-2", BaseEndpoint: &s.URL, Credentials: aws.AnonymousCredentials{}}))
	for range 2 {
		_, err := factory(backend)(t.Context(), &proxy.Request{Params: map[string]string{"JWT.tenant": "blue"}})
		if err == nil || !strings.Contains(err.Error(), "/f]") {
			t.Errorf("got %v, want an error with /f", err)
		}
	}
}
