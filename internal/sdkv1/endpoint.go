package sdkv1

import (
	"os"
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/service/sts"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// endpointOf returns the endpoint of a service from the environment, and the name of its
// variable. Newer AWS SDKs read these variables, but this one does not:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func endpointOf(service string) (endpoint, variable string) {
	if ignored, _ := strconv.ParseBool(os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")); ignored {
		return "", ""
	}
	for _, variable := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if endpoint := os.Getenv(variable); endpoint != "" {
			return endpoint, variable
		}
	}
	return "", ""
}

// checkEndpoints returns an error if a profile configures an endpoint that a backend needs:
// Lambda's, unless endpoint is set, and that of STS, unless the environment sets it.
func checkEndpoints(settings invoke.Settings, endpoint string) error {
	if endpoint == "" {
		if err := checkEndpoint(settings.Profile, "lambda", "endpoint or AWS_ENDPOINT_URL_LAMBDA"); err != nil {
			return err
		}
	}
	if endpoint, _ := endpointOf("STS"); endpoint == "" && (settings.Role.ARN != "" || usesSTS(settings.Profile)) {
		return checkEndpoint(settings.Profile, "sts", "AWS_ENDPOINT_URL_STS")
	}
	return nil
}

// resolveSTS finds the endpoint of STS in the environment, and uses resolve for all others.
func resolveSTS(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
	if endpoint, _ := endpointOf("STS"); endpoint != "" && service == sts.EndpointsID {
		return endpoints.ResolvedEndpoint{URL: endpoint, SigningRegion: region}, nil
	}
	return resolve(service, region, opts...)
}

// resolve finds the endpoints that the SDK knows, and those of the partitions that it does not
// know.
func resolve(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
	if endpoint, ok := sovereignEndpoint(service, region, opts...); ok {
		return endpoint, nil
	}
	return endpoints.DefaultResolver().EndpointFor(service, region, opts...)
}

// resolverOf returns a resolver that uses a build's resolver. If that one only repeats the SDK's
// result, it uses resolve.
func resolverOf(build endpoints.Resolver) endpoints.Resolver {
	return endpoints.ResolverFunc(func(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
		endpoint, err := build.EndpointFor(service, region, opts...)
		if sdk, _ := endpoints.DefaultResolver().EndpointFor(service, region, opts...); sdk.URL == endpoint.URL {
			return resolve(service, region, opts...)
		}
		return endpoint, err
	})
}

// sovereignEndpoint finds endpoints in the partitions that the SDK does not know. It returns
// false for all others. The SDK assigns such a region to another partition, or finds no
// endpoint.
func sovereignEndpoint(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, bool) {
	var o endpoints.Options
	o.Set(opts...)
	for _, p := range partitions {
		if service == ec2metadata.ServiceName || !p.regions.MatchString(region) {
			continue
		}
		domain := p.domain
		if o.UseDualStackEndpoint == endpoints.DualStackEndpointStateEnabled {
			domain = p.dualStackDomain
		}
		if o.UseFIPSEndpoint == endpoints.FIPSEndpointStateEnabled {
			service += "-fips"
		}
		return endpoints.ResolvedEndpoint{
			URL:           endpoints.AddScheme(service+"."+region+"."+domain, o.DisableSSL),
			PartitionID:   p.id,
			SigningRegion: region,
		}, true
	}
	return endpoints.ResolvedEndpoint{}, false
}

// partitions are the partitions that this SDK does not know. Source: aws-sdk-go-v2,
// service/lambda v1.114.4.
var partitions = []struct {
	id                      string
	regions                 *regexp.Regexp
	domain, dualStackDomain string
}{
	{"aws-eusc", regexp.MustCompile(`^eusc-de-\w+-\d+$`), "amazonaws.eu", "api.amazonwebservices.eu"},
	{"aws-iso-e", regexp.MustCompile(`^eu-isoe-\w+-\d+$`), "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"aws-iso-f", regexp.MustCompile(`^us-isof-\w+-\d+$`), "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
}
