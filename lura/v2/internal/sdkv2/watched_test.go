package sdkv2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkcredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// countedInvoker is an Invoker that counts calls, and drops their options or passes them on.
type countedInvoker struct {
	*lambda.Client
	drops bool
	calls int
}

func (i *countedInvoker) Invoke(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	i.calls++
	if i.drops {
		options = nil
	}
	return i.Client.Invoke(ctx, in, options...)
}

func (i *countedInvoker) InvokeWithResponseStream(ctx context.Context, in *lambda.InvokeWithResponseStreamInput, options ...func(*lambda.Options)) (*lambda.InvokeWithResponseStreamOutput, error) {
	i.calls++
	if i.drops {
		options = nil
	}
	return i.Client.InvokeWithResponseStream(ctx, in, options...)
}

// A call without credentials is neither sent nor retried.
func TestInvokersWithoutCredentials(t *testing.T) {
	refusing := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>too late</Message></Error></ErrorResponse>`)
	})
	s := api(t, map[string]any{"f": func() error { return nil }})
	roles := sts.New(sts.Options{Region: "us-west-2", BaseEndpoint: aws.String(refusing), Credentials: sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", "")})
	empty := new(sdkcredentials.StaticCredentialsEmptyError)
	for name, tc := range map[string]struct {
		provider aws.CredentialsProvider
		want     string // in the message
	}{
		"empty static ones": {sdkcredentials.NewStaticCredentialsProvider("", "", ""), "static credentials are empty"},
		"an instance without a role": {ec2rolecreds.New(func(o *ec2rolecreds.Options) {
			o.Client = imds.New(imds.Options{ClientEnableState: imds.ClientDisabled})
		}), "no EC2 IMDS role found"},
		"a container":             {endpointcreds.New(refusing), "failed to load credentials"},
		"a process that fails":    {processcreds.NewProvider("exit 1"), "process provider error"},
		"a role that is refused":  {stscreds.NewAssumeRoleProvider(roles, role.ARN), "ExpiredTokenException (403): 'too late'"},
		"a web identity":          {stscreds.NewWebIdentityRoleProvider(roles, role.ARN, stscreds.IdentityTokenFile(t.TempDir()+"/none")), "failed to retrieve jwt"},
		"a provider of the build": {aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("no safe") }), "no safe"},
		"a provider with a code of Lambda": {aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, &smithy.GenericAPIError{Code: "ServiceException", Message: "m"}
		}), "ServiceException: 'm'"},
	} {
		for _, provider := range []aws.CredentialsProvider{tc.provider, aws.NewCredentialsCache(tc.provider)} {
			for _, stream := range []bool{false, true} {
				for _, drops := range []bool{false, true} {
					i := &countedInvoker{lambda.New(client(s.URL).Options(), func(o *lambda.Options) { o.Credentials = provider }), drops, 0}
					_, err := callInvoker(t, i, &invoke.Request{Function: "f", Stream: stream}, 0)
					var e *invoke.Error
					var call *smithy.OperationError
					if !errors.As(err, &e) || e.Kind != invoke.KindCredentials || !strings.Contains(e.Message, tc.want) || e.Status != 0 || !errors.As(err, &call) || i.calls != 1 || len(s.Calls()) != 0 {
						t.Errorf("%s in %T, stream %t, options dropped %t: got %#v after %d calls of the Invoker and %d of AWS", name, provider, stream, drops, err, i.calls, len(s.Calls()))
					}
					if name == "empty static ones" && !errors.As(err, &empty) {
						t.Errorf("%s: got %#v, without the SDK's error", name, err)
					}
				}
			}
		}
	}
}

// Unneeded and late credentials are not an error. Other errors are not errors of credentials.
func TestWatchedCredentials(t *testing.T) {
	s := api(t, map[string]any{"f": func() error { return nil }})
	for name, options := range map[string]func(*lambda.Options){ // the first two calls are sent unsigned
		"no provider":           func(o *lambda.Options) { o.Credentials = nil },
		"anonymous credentials": func(o *lambda.Options) { o.Credentials = aws.AnonymousCredentials{} },
		"a provider with a source": func(o *lambda.Options) {
			o.Credentials = sdkcredentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", "")
		},
	} {
		if _, err := attempt(t.Context(), lambda.New(client(s.URL).Options(), options), &invoke.Request{Function: "f"}, &invoke.Policy{}); (err != nil) != (name != "a provider with a source") || err != nil && err.Code != "MissingAuthenticationTokenException" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := (watched{aws.AnonymousCredentials{}, nil}); !aws.IsCredentialsProvider(got, aws.AnonymousCredentials{}) || got.ProviderSources() != nil {
		t.Errorf("got %+v", got)
	}
	cache := aws.NewCredentialsCache(sdkcredentials.NewStaticCredentialsProvider("a", "b", "c"))
	if got, want := (watched{cache, nil}).ProviderSources(), cache.ProviderSources(); len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	nested := lambda.New(client(s.URL).Options(), func(o *lambda.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("table",
				func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
					return out, metadata, &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "GetItem", Err: io.ErrUnexpectedEOF}
				}), middleware.After)
		})
	})
	if _, err := attempt(t.Context(), nested, &invoke.Request{Function: "f"}, &invoke.Policy{}); err == nil || err.Kind != invoke.KindConnection {
		t.Errorf("an operation of the build's middleware failed: got %#v", err)
	}
	regionless := lambda.New(lambda.Options{Credentials: cache, Retryer: aws.NopRetryer{}})
	if _, err := attempt(t.Context(), regionless, &invoke.Request{Function: "f"}, &invoke.Policy{}); err == nil || err.Kind != invoke.KindConnection {
		t.Errorf("got %#v", err)
	}
}

// If a request ends during a lookup, the error is the end of the request.
func TestRequestThatEndsInALookup(t *testing.T) {
	s := api(t, map[string]any{"f": func() error { return nil }})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cancel() // the client went away
		<-ctx.Done()
		return aws.Credentials{}, ctx.Err()
	})
	c := invoke.NewWith(NewAttempter(lambda.New(client(s.URL).Options(), func(o *lambda.Options) { o.Credentials = slow })), invoke.Target{MaxRetries: 3})
	err := c.Invoke(ctx, &invoke.Request{Function: "f"}, &invoke.Policy{MaxRetries: -1}, func(*invoke.Response) error { return nil })
	var e *invoke.Error
	if !errors.As(err, &e) || e.Kind != invoke.KindEnded || e.Progress != "before the gateway had credentials to sign the call with" {
		t.Errorf("got %#v", err)
	}
}
