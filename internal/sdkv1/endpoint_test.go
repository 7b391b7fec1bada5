package sdkv1

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/session"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// A session's endpoint for Lambda does not apply to STS. Its other endpoint settings do.
func TestEndpointOfSTS(t *testing.T) {
	for _, tc := range []struct{ variable, value, region, want string }{
		{"AWS_ENDPOINT_URL_STS", "", "eu-west-1", "https://sts.eu-west-1.amazonaws.com"},
		{"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1", "eu-west-1", "http://127.0.0.1:1"},
		{"AWS_ENDPOINT_URL", "http://127.0.0.1:3", "eusc-de-east-1", "http://127.0.0.1:3"},
		{"AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:4", "eu-west-1", "https://sts.eu-west-1.amazonaws.com"},
		{"AWS_USE_DUALSTACK_ENDPOINT", "true", "eu-west-1", "https://sts.eu-west-1.api.aws"},
		{"AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:4", "eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu"},
	} {
		t.Run(tc.variable+"="+tc.value, func(t *testing.T) {
			t.Setenv(tc.variable, tc.value)
			var got string
			replaceDefaultTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				got = r.URL.Scheme + "://" + r.URL.Host
				return nil, io.ErrUnexpectedEOF
			}))
			sdk := New(testSession(t, "http://127.0.0.1:2"), &recorder{}, false)
			if _, err := sdk.finder(cacheKey{region: tc.region, role: role})(t.Context(), false); err == nil || got != tc.want {
				t.Errorf("got %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestBadEndpointOfTheEnvironment(t *testing.T) {
	for _, variable := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"} {
		t.Run(variable, func(t *testing.T) {
			environment(t, keysOfEnvironment, "", "")
			t.Setenv(variable, "http://user:hunter2@ho st")
			_, _, err := New(nil, &recorder{}, false).Client(invoke.Settings{Region: "eu-west-1"})
			if err == nil || !strings.Contains(err.Error(), variable+": must be an http or https URL") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The endpoint comes from the configuration, the build's session, the environment, or AWS, in this
// order.
func TestEndpointOfTheEnvironment(t *testing.T) {
	const service, all, ignore = "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
	for _, tc := range []struct {
		name       string
		variables  map[string]string
		configured string
		session    bool
		want       string
	}{
		{"none", nil, "", false, "https://lambda.eu-west-1.amazonaws.com"},
		{"Lambda's", map[string]string{service: "http://127.0.0.1:1", all: "http://127.0.0.1:2"}, "", false, "http://127.0.0.1:1"},
		{"of all services", map[string]string{all: "http://127.0.0.1:2"}, "", false, "http://127.0.0.1:2"},
		{"of another service", map[string]string{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:3"}, "", false, "https://lambda.eu-west-1.amazonaws.com"},
		{"ignored", map[string]string{service: "http://127.0.0.1:1", ignore: "true"}, "", false, "https://lambda.eu-west-1.amazonaws.com"},
		{"not ignored", map[string]string{service: "http://127.0.0.1:1", ignore: "false"}, "", false, "http://127.0.0.1:1"},
		{"and a configured one", map[string]string{service: "http://127.0.0.1:1"}, "http://127.0.0.1:4", false, "http://127.0.0.1:4"},
		{"and one of a session", map[string]string{service: "http://127.0.0.1:1"}, "", true, "http://127.0.0.1:5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, keysOfEnvironment, "", "")
			for variable, value := range tc.variables {
				t.Setenv(variable, value)
			}
			var custom *session.Session
			if tc.session {
				custom = testSession(t, "http://127.0.0.1:5")
			}
			_, found, err := New(custom, &recorder{}, true).Client(invoke.Settings{Region: "eu-west-1", Endpoint: tc.configured})
			if err != nil || found.Endpoint != tc.want {
				t.Errorf("got %s, %v, want %s", found.Endpoint, err, tc.want)
			}
		})
	}
}

// sovereign are the hosts, without the service, that the resolvers of aws-sdk-go-v2's service/lambda
// v1.114.4 and service/sts v1.52.0 return.
var sovereign = []struct {
	region          string
	dualStack, fips bool
	want            string
}{
	{"eusc-de-east-1", false, false, ".eusc-de-east-1.amazonaws.eu"},
	{"eusc-de-east-1", true, false, ".eusc-de-east-1.api.amazonwebservices.eu"},
	{"eusc-de-east-1", false, true, "-fips.eusc-de-east-1.amazonaws.eu"},
	{"eusc-de-east-1", true, true, "-fips.eusc-de-east-1.api.amazonwebservices.eu"},
	{"eu-isoe-west-1", false, false, ".eu-isoe-west-1.cloud.adc-e.uk"},
	{"eu-isoe-west-1", true, false, ".eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
	{"eu-isoe-west-1", false, true, "-fips.eu-isoe-west-1.cloud.adc-e.uk"},
	{"eu-isoe-west-1", true, true, "-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
	{"us-isof-south-1", false, false, ".us-isof-south-1.csp.hci.ic.gov"},
	{"us-isof-south-1", true, false, ".us-isof-south-1.api.aws.hci.ic.gov"},
	{"us-isof-south-1", false, true, "-fips.us-isof-south-1.csp.hci.ic.gov"},
	{"us-isof-south-1", true, true, "-fips.us-isof-south-1.api.aws.hci.ic.gov"},
	{"us-isof-east-1", false, false, ".us-isof-east-1.csp.hci.ic.gov"},
	// This SDK knows these.
	{"eusc-xx-east-1", false, false, ".eusc-xx-east-1.amazonaws.com"},
	{"us-iso-east-1", false, false, ".us-iso-east-1.c2s.ic.gov"},
	{"us-isob-east-1", false, true, "-fips.us-isob-east-1.sc2s.sgov.gov"},
	{"cn-north-1", false, false, ".cn-north-1.amazonaws.com.cn"},
	{"mx-central-1", true, false, ".mx-central-1.api.aws"},
}

func TestSovereignEndpoints(t *testing.T) {
	for _, tc := range sovereign {
		for _, service := range []string{"lambda", "sts"} {
			got, err := resolveSTS(service, tc.region, func(o *endpoints.Options) {
				o.STSRegionalEndpoint = endpoints.RegionalSTSEndpoint
				if tc.dualStack {
					o.UseDualStackEndpoint = endpoints.DualStackEndpointStateEnabled
				}
				if tc.fips {
					o.UseFIPSEndpoint = endpoints.FIPSEndpointStateEnabled
				}
			})
			if want := "https://" + service + tc.want; err != nil || got.URL != want || got.SigningRegion != tc.region {
				t.Errorf("%+v: got %+v, %v, want %s", tc, got, err, want)
			}
		}
	}
}

// Clients of all sources have the same hosts.
func TestSovereignClients(t *testing.T) {
	for name, custom := range map[string]*session.Session{
		"the environment":                nil,
		"a session":                      session.Must(session.NewSession()),
		"a session with a metadata host": session.Must(session.NewSessionWithOptions(session.Options{EC2IMDSEndpoint: "http://127.0.0.1:1"})),
		"a session of another region":    session.Must(session.NewSession(aws.NewConfig().WithRegion("eu-west-1"))),
	} {
		for _, tc := range sovereign {
			t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", map[bool]string{true: "true"}[tc.dualStack])
			t.Setenv("AWS_USE_FIPS_ENDPOINT", map[bool]string{true: "true"}[tc.fips])
			if custom != nil && (tc.dualStack || tc.fips) { // it was made without them
				continue
			}
			_, found, err := New(custom, &recorder{}, true).Client(invoke.Settings{Region: tc.region})
			if want := "https://lambda" + tc.want; err != nil || found.Endpoint != want {
				t.Errorf("%s: got %s, %v, want %s", name, found.Endpoint, err, want)
			}
		}
	}
	for name, value := range map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1", "AWS_USE_DUALSTACK_ENDPOINT": "", "AWS_USE_FIPS_ENDPOINT": ""} {
		t.Setenv(name, value)
	}
	if _, found, err := New(nil, &recorder{}, true).Client(invoke.Settings{Region: "eusc-de-east-1"}); err != nil || found.Endpoint != "https://lambda.eusc-de-east-1.amazonaws.eu" {
		t.Errorf("with AWS_EC2_METADATA_SERVICE_ENDPOINT: got %s, %v", found.Endpoint, err)
	}
}

// A resolver of the build's session takes precedence.
func TestResolverOfTheBuild(t *testing.T) {
	custom := testSession(t, "")
	custom.Config.EndpointResolver = endpoints.ResolverFunc(func(service, region string, _ ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
		return endpoints.ResolvedEndpoint{URL: "https://" + service + ".example.com", SigningRegion: "elsewhere"}, nil
	})
	for _, region := range []string{"eusc-de-east-1", "us-isof-south-1", "us-west-2"} {
		_, found, err := New(custom, &recorder{}, true).Client(invoke.Settings{Region: region})
		if err != nil || found.Endpoint != "https://lambda.example.com" || found.Region != region {
			t.Errorf("%s: got %+v, %v", region, found, err)
		}
	}
}
