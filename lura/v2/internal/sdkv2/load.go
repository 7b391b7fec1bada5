package sdkv2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
	"github.com/devopsfaith/krakend-lambda/internal/transport"
)

// loadTimeout bounds the reading at start. AWS_DEFAULTS_MODE=auto asks the metadata service.
const loadTimeout = 10 * time.Second

// load reads the environment and the shared AWS files. It hands the SDK no HTTP client: for
// AWS_CA_BUNDLE it takes an *awshttp.BuildableClient only. The config's HTTPClient is nil, or that one.
// The clients of credential providers send their requests as apiOption says.
func load(ctx context.Context, profile string, apiOption func(*middleware.Stack) error, more ...func(*sdkconfig.LoadOptions) error) (aws.Config, error) {
	name := cmp.Or(profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"))
	if err := checkQuotes(name); err != nil {
		return aws.Config{}, err
	}
	options := []func(*sdkconfig.LoadOptions) error{
		sdkconfig.WithSharedConfigProfile(profile),
		sdkconfig.WithLogger(logging.Nop{}), // the default logger writes to standard error
		sdkconfig.WithAPIOptions([]func(*middleware.Stack) error{apiOption}),
	}
	cfg, err := sdkconfig.LoadDefaultConfig(ctx, append(options, more...)...)
	if err == nil {
		return cfg, checkShared(cfg, profile)
	}
	var missing sdkconfig.SharedConfigProfileNotExistError
	if errors.As(err, &missing) {
		if err := checkQuotes(missing.Profile); err != nil {
			return aws.Config{}, err
		}
		return aws.Config{}, fmt.Errorf("profile: %s is not in %s", text.Quote(missing.Profile), strings.Join(sharedFiles(), " or "))
	}
	var unread *fs.PathError
	if errors.As(err, &unread) && unread.Path == os.Getenv(caBundle) { // the SDK's error does not say which setting names the file
		return aws.Config{}, fmt.Errorf("%s: %w", caBundle, describe(err))
	}
	return aws.Config{}, fmt.Errorf("the AWS SDK cannot read its configuration: %w", describe(err))
}

const caBundle = "AWS_CA_BUNDLE"

// loadOnce reads what does not change until the gateway ends: everything but credentials.
func loadOnce(profile string) (aws.Config, error) {
	if err := checkFiles(); err != nil {
		return aws.Config{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	s := &sender{ctx: ctx, transport: transport.Default()}
	cfg, err := load(ctx, profile, s.addTo, sdkconfig.WithCredentialsProvider(aws.AnonymousCredentials{}))
	cfg.APIOptions = nil
	return cfg, err
}

// checkEndpoints returns an error for an endpoint of a config that is not an http or https URL. The
// error names the source of the endpoint.
func checkEndpoints(cfg aws.Config) error {
	return errors.Join(
		checkEndpoint("LAMBDA", lambda.NewFromConfig(cfg).Options().BaseEndpoint),
		checkEndpoint("STS", sts.NewFromConfig(cfg).Options().BaseEndpoint),
	)
}

func checkEndpoint(service string, endpoint *string) error {
	if endpoint == nil {
		return nil
	}
	if err := config.CheckEndpoint(*endpoint); err != nil {
		return fmt.Errorf("%s: %w", placeOf(service, *endpoint), err)
	}
	return nil
}

// placeOf returns the source of an endpoint:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func placeOf(service, endpoint string) string {
	for _, variable := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if os.Getenv(variable) == endpoint {
			return variable
		}
	}
	return "endpoint_url of " + strings.ToLower(service) + " in the shared AWS config or the build's config"
}

// withoutEffect returns warnings for the settings of a custom config that have no effect on calls.
func withoutEffect(cfg aws.Config) (warnings []string) {
	const unused, advice = "WithConfig: calls of functions do not use the ", " of the config: to change that, pass WithInvoker(lambda.NewFromConfig(cfg))"
	options := lambda.NewFromConfig(cfg).Options()
	if len(options.APIOptions) > 0 {
		warnings = append(warnings, unused+"middleware (APIOptions)"+advice)
	}
	if i := options.Interceptors; len(i.BeforeExecution)+len(i.BeforeSerialization)+len(i.AfterSerialization)+len(i.BeforeRetryLoop)+
		len(i.BeforeAttempt)+len(i.BeforeSigning)+len(i.AfterSigning)+len(i.BeforeTransmit)+len(i.AfterTransmit)+
		len(i.BeforeDeserialization)+len(i.AfterDeserialization)+len(i.AfterAttempt)+len(i.AfterExecution) > 0 {
		warnings = append(warnings, unused+"interceptors"+advice)
	}
	if cfg.ClientLogMode != 0 {
		warnings = append(warnings, unused+"ClientLogMode"+advice)
	}
	return warnings
}
