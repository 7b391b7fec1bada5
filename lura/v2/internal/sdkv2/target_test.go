package sdkv2

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// endpointRules are custom endpoint rules.
type endpointRules struct{}

func (endpointRules) ResolveEndpoint(_ context.Context, p lambda.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: aws.ToString(p.Region) + ".example.com", Path: "/rules"}}, nil
}

// The endpoint comes from the configuration, from the environment, the shared config or the custom
// config by way of the SDK, or is AWS's, in this order.
func TestEndpoint(t *testing.T) {
	const service, all, ignore = "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
	type env = map[string]string
	for _, tc := range []struct {
		name     string
		env      env
		config   string
		settings invoke.Settings
		custom   func(*aws.Config) // nil means no config
		want     string
	}{
		{"AWS's", nil, "", invoke.Settings{}, nil, "https://lambda.eu-west-1.amazonaws.com"},
		{"China's", nil, "", invoke.Settings{Region: "cn-north-1"}, nil, "https://lambda.cn-north-1.amazonaws.com.cn"},
		{"the European Sovereign Cloud", nil, "", invoke.Settings{Region: "eusc-de-east-1"}, nil, "https://lambda.eusc-de-east-1.amazonaws.eu"},
		{"an isolated region", nil, "", invoke.Settings{Region: "us-isof-south-1"}, nil, "https://lambda.us-isof-south-1.csp.hci.ic.gov"},
		{"another isolated region", nil, "", invoke.Settings{Region: "eu-isoe-west-1"}, nil, "https://lambda.eu-isoe-west-1.cloud.adc-e.uk"},
		{"dual-stack", env{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "", invoke.Settings{}, nil, "https://lambda.eu-west-1.api.aws"},
		{"FIPS", env{"AWS_USE_FIPS_ENDPOINT": "true"}, "", invoke.Settings{Region: "us-east-1"}, nil, "https://lambda-fips.us-east-1.amazonaws.com"},
		{"FIPS of the shared config", nil, "[default]\nuse_fips_endpoint = true\n", invoke.Settings{Region: "us-east-1"}, nil, "https://lambda-fips.us-east-1.amazonaws.com"},
		{"Lambda's", env{service: "http://127.0.0.1:1", all: "http://127.0.0.1:2"}, "", invoke.Settings{}, nil, "http://127.0.0.1:1"},
		{"with a path", env{service: "http://127.0.0.1:1/a%20b/"}, "", invoke.Settings{}, nil, "http://127.0.0.1:1/a%20b"},
		{"of all services", env{all: "http://127.0.0.1:2"}, "", invoke.Settings{}, nil, "http://127.0.0.1:2"},
		{"of another service", env{"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:3"}, "", invoke.Settings{}, nil, "https://lambda.eu-west-1.amazonaws.com"},
		{"ignored", env{service: "http://127.0.0.1:1", ignore: "true"}, "", invoke.Settings{}, nil, "https://lambda.eu-west-1.amazonaws.com"},
		{"not ignored", env{service: "http://127.0.0.1:1", ignore: "false"}, "", invoke.Settings{}, nil, "http://127.0.0.1:1"},
		{"endpoint_url", nil, "[default]\nendpoint_url = http://127.0.0.1:6\n", invoke.Settings{}, nil, "http://127.0.0.1:6"},
		{"a services section", nil, "[profile shop]\nservices = local\n[services local]\nlambda =\n  endpoint_url = http://127.0.0.1:7\n", invoke.Settings{Profile: "shop"}, nil, "http://127.0.0.1:7"},
		{"configured", env{service: "http://127.0.0.1:1"}, "", invoke.Settings{Endpoint: "http://127.0.0.1:4/x"}, nil, "http://127.0.0.1:4/x"},
		{"configured, with FIPS", env{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, "", invoke.Settings{Endpoint: "http://127.0.0.1:4"}, nil, "http://127.0.0.1:4"},
		{"a custom config's", nil, "", invoke.Settings{}, func(c *aws.Config) { c.BaseEndpoint = aws.String("http://127.0.0.1:5") }, "http://127.0.0.1:5"},
		{"a custom config's resolver", nil, "", invoke.Settings{}, func(c *aws.Config) {
			c.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(service, region string, _ ...any) (aws.Endpoint, error) {
				return aws.Endpoint{URL: "https://" + strings.ToLower(service) + ".example.com", SigningRegion: region}, nil
			})
		}, "https://lambda.example.com"},
		{"a custom config's rules", nil, "", invoke.Settings{}, withRules, "https://eu-west-1.example.com/rules"},
		{"configured, with custom rules", nil, "", invoke.Settings{Endpoint: "http://127.0.0.1:4"}, withRules, "http://127.0.0.1:4"},
		{"of a profile, with custom rules", nil, "[profile shop]\nendpoint_url = http://127.0.0.1:6\n", invoke.Settings{Profile: "shop"}, withRules, "http://127.0.0.1:6"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, tc.config, "")
			var custom *aws.Config
			if tc.custom != nil {
				custom = customConfig()
				tc.custom(custom)
			}
			got := target(t, newSDK(custom), tc.settings)
			if got.Endpoint != tc.want || got.Region != cmp.Or(tc.settings.Region, "eu-west-1") {
				t.Errorf("got %s, signed for %s, want %s", got.Endpoint, got.Region, tc.want)
			}
		})
	}
}

func withRules(c *aws.Config) {
	c.ServiceOptions = append(c.ServiceOptions, func(_ string, o any) {
		if o, ok := o.(*lambda.Options); ok {
			o.EndpointResolverV2 = endpointRules{}
		}
	})
}

func TestSigningRegion(t *testing.T) {
	custom := customConfig()
	custom.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(string, string, ...any) (aws.Endpoint, error) {
		return aws.Endpoint{URL: "https://lambda.example.com", SigningRegion: "us-east-2"}, nil
	})
	got, found, err := newSDK(custom).target(invoke.Settings{Region: "eu-west-1"})
	if err != nil || got.Region != "us-east-2" || found.Region != "eu-west-1" {
		t.Errorf("got %s in %s, %v, want us-east-2 in eu-west-1", got.Region, found.Region, err)
	}
}

func TestBadEndpoints(t *testing.T) {
	for _, tc := range []struct{ variable, config, want string }{
		{"AWS_ENDPOINT_URL_STS", "", "AWS_ENDPOINT_URL_STS: must be an http or https URL"},
		{"AWS_ENDPOINT_URL_LAMBDA", "", "AWS_ENDPOINT_URL_LAMBDA: must be an http or https URL"},
		{"AWS_ENDPOINT_URL", "", "AWS_ENDPOINT_URL: must be an http or https URL"},
		{"", "[default]\nendpoint_url = http://user:hunter2@ho st\n", "endpoint_url of lambda in the shared AWS config or the build's config: must be an http or https URL"},
		{"", "[default]\nservices = x\n[services x]\nsts =\n  endpoint_url = http://user:hunter2@ho st\n", "endpoint_url of sts in the shared AWS config or the build's config: must be an http or https URL"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			environment(t, nil, tc.config, "")
			if tc.variable != "" {
				t.Setenv(tc.variable, "http://user:hunter2@ho st")
			}
			_, _, err := newSDK(nil).target(invoke.Settings{Region: "eu-west-1"})
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	environment(t, nil, "", "")
	custom := customConfig()
	custom.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(string, string, ...any) (aws.Endpoint, error) {
		return aws.Endpoint{URL: "ftp://user:hunter2@ho st"}, nil
	})
	if _, _, err := newSDK(custom).target(invoke.Settings{}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v for a resolver that returns a URL of another scheme", err)
	}
}

func TestMaxRetries(t *testing.T) {
	for _, tc := range []struct {
		name   string
		env    map[string]string
		config string
		custom func(*aws.Config)
		want   int
	}{
		{"the SDK's", nil, "", nil, 2},
		{"AWS_MAX_ATTEMPTS", map[string]string{"AWS_MAX_ATTEMPTS": "7"}, "", nil, 6},
		{"none", map[string]string{"AWS_MAX_ATTEMPTS": "1"}, "", nil, 0},
		{"max_attempts", nil, "[default]\nmax_attempts = 5\n", nil, 4},
		{"the adaptive mode", map[string]string{"AWS_RETRY_MODE": "adaptive"}, "", nil, 2},
		{"a custom config's", nil, "", func(c *aws.Config) { c.RetryMaxAttempts = 4 }, 3},
		{"a custom config's retryer", nil, "", func(c *aws.Config) {
			c.Retryer = func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), 9) }
		}, 8},
		{"a retryer that makes one attempt", nil, "", func(c *aws.Config) {
			c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		}, 0},
		{"a retryer without a limit", nil, "", func(c *aws.Config) {
			c.Retryer = func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), 0) }
		}, math.MaxInt32},
	} {
		t.Run(tc.name, func(t *testing.T) {
			environment(t, tc.env, tc.config, "")
			var custom *aws.Config
			if tc.custom != nil {
				custom = customConfig()
				tc.custom(custom)
			}
			if got := target(t, newSDK(custom), invoke.Settings{}).MaxRetries; got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestUserAgent(t *testing.T) {
	got := target(t, newSDK(nil), invoke.Settings{}).UserAgent
	if !strings.HasPrefix(got, "aws-sdk-go-v2/") || !strings.Contains(got, " api/lambda#") || strings.Contains(got, " m/") {
		t.Errorf("got %q", got)
	}
	t.Setenv("AWS_SDK_UA_APP_ID", "tea")
	if got := target(t, newSDK(nil), invoke.Settings{}).UserAgent; !strings.HasSuffix(fmt.Sprint(got), " app/tea") {
		t.Errorf("got %q, want one with the application's id", got)
	}
}
