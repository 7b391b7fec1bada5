package sdkv2

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// newTarget returns the target of calls of backends with a profile, without credentials. If endpoint
// is empty, it uses the config's or AWS's.
func newTarget(p profile, region, endpoint string) (invoke.Target, error) {
	cfg := p.config
	cfg.Region = region
	cfg.Credentials = sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", "")
	client := lambda.NewFromConfig(cfg, func(o *lambda.Options) {
		if endpoint != "" {
			// The endpoint of this backend overrides FIPS, dual-stack and resolvers, which
			// conflict with it.
			o.BaseEndpoint, o.EndpointOptions = &endpoint, lambda.EndpointResolverOptions{}
			o.EndpointResolver, o.EndpointResolverV2 = nil, lambda.NewDefaultEndpointResolverV2()
		}
	})
	r, err := draw(client)
	if err != nil {
		return invoke.Target{}, fmt.Errorf("region: the AWS SDK does not know an endpoint for %s, so correct the region or set endpoint: %w", text.Quote(region), describe(err))
	}
	path, ok := strings.CutSuffix(r.URL.EscapedPath(), "/2015-03-31/functions/f/invocations")
	if !ok {
		return invoke.Target{}, errors.New("the path of the AWS SDK's call is not that of the Invoke API")
	}
	t := invoke.Target{
		Endpoint:   r.URL.Scheme + "://" + r.URL.Host + path,
		Region:     region,
		MaxRetries: retries(client.Options()),
		Transport:  p.http.transport,
		Timeout:    p.http.timeout,
	}
	if err := config.CheckEndpoint(t.Endpoint); err != nil {
		return invoke.Target{}, fmt.Errorf("endpoint: %w", err)
	}
	if signed := signingRegion(r); signed != "" {
		t.Region = signed // an endpoint resolver may name another one
	}
	// What follows tells how this one call was made.
	t.UserAgent, _, _ = strings.Cut(r.UserAgent(), " m/")
	return t, nil
}

// signingRegion returns the region in the credential scope of a signed request:
// Credential=AKIDEXAMPLE/20260101/us-west-2/lambda/aws4_request. It is empty if there is none.
func signingRegion(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	parts := strings.SplitN(scope, "/", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[2]
}

// draw returns a call of a function f as a client makes it, without sending it. Only the SDK knows
// how to derive an endpoint from a region, FIPS, dual-stack, endpoint rules and resolvers of
// both kinds.
func draw(client *lambda.Client) (*http.Request, error) {
	var drawn *http.Request
	_, err := client.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: aws.String("f")}, func(o *lambda.Options) {
		o.HTTPClient = smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
			drawn = r
			return nil, errors.New("not sent")
		})
		o.Retryer = aws.NopRetryer{}
		o.APIOptions, o.Interceptors = nil, smithyhttp.InterceptorRegistry{}
		o.Logger, o.ClientLogMode = logging.Nop{}, 0
	})
	if drawn == nil {
		return nil, err
	}
	return drawn, nil
}

// retries returns the number of retries that a client makes.
func retries(o lambda.Options) int {
	if n := o.Retryer.MaxAttempts(); n > 0 {
		return n - 1
	}
	return math.MaxInt32 // no limit: https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/aws#Retryer
}
