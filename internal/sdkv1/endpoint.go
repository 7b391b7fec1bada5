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

// endpointOf returns the endpoint of a service from the environment, and the variable that has it.
// Newer SDKs of AWS read these variables, this one does not:
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

// checkEndpoints returns an error where a profile configures an endpoint that a backend needs: that
// of Lambda, unless endpoint says it, and that of STS, unless the environment says it.
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

// resolveSTS finds the endpoint of STS in the environment, and all others as resolve does.
func resolveSTS(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
	if endpoint, _ := endpointOf("STS"); endpoint != "" && service == sts.EndpointsID {
		return endpoints.ResolvedEndpoint{URL: endpoint, SigningRegion: region}, nil
	}
	return resolve(service, region, opts...)
}

// resolve finds endpoints where the SDK does, and those of the partitions that it does not know.
func resolve(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
	if endpoint, ok := sovereignEndpoint(service, region, opts...); ok {
		return endpoint, nil
	}
	return endpoints.DefaultResolver().EndpointFor(service, region, opts...)
}

// resolverOf returns a resolver that finds endpoints where one of the build's does, and as resolve
// does where the build's only says what the SDK says.
func resolverOf(build endpoints.Resolver) endpoints.Resolver {
	return endpoints.ResolverFunc(func(service, region string, opts ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
		endpoint, err := build.EndpointFor(service, region, opts...)
		if sdk, _ := endpoints.DefaultResolver().EndpointFor(service, region, opts...); sdk.URL == endpoint.URL {
			return resolve(service, region, opts...)
		}
		return endpoint, err
	})
}

// sovereignEndpoint finds endpoints in the partitions that the SDK does not know. It is false for
// all others. The SDK takes such a region for one of another partition, or finds no endpoint.
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

// partitions are those that this SDK does not know. Source: the partitions of aws-sdk-go-v2,
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
