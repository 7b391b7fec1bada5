package sdkv1

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go/aws/credentials/processcreds"
	"github.com/aws/aws-sdk-go/aws/credentials/ssocreds"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// optionless is an Invoker that counts its calls and drops their options.
type optionless struct{ counted }

func (o *optionless) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, _ ...request.Option) (*lambda.InvokeOutput, error) {
	return o.counted.InvokeWithContext(ctx, in)
}

// A call without credentials is neither sent nor retried.
func TestInvokersWithoutCredentials(t *testing.T) {
	environment(t, map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "", "")
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>too late</Message></Error></ErrorResponse>`)
	}))
	t.Cleanup(refusing.Close)
	s := api(t)
	other := testSession(t, refusing.URL)
	other.Config.MaxRetries = aws.Int(0)
	for name, tc := range map[string]struct {
		credentials *credentials.Credentials
		code        string // in the message
		unknown     bool   // without options, the error looks like an error of the call
	}{
		"a chain of none":         {credentials.NewChainCredentials(nil), "NoCredentialProviders: ", false},
		"the default chain":       {defaults.CredChain(defaults.Config(), defaults.Handlers()), "NoCredentialProviders: ", false},
		"empty static ones":       {credentials.NewStaticCredentials("", "", ""), "EmptyStaticCreds: ", false},
		"the environment":         {credentials.NewEnvCredentials(), "EnvAccessKeyNotFound: ", false},
		"no file":                 {credentials.NewSharedCredentials(t.TempDir()+"/none", "shop"), "SharedCredsLoad: ", false},
		"no profile":              {credentials.NewSharedCredentials(writeFile(t, "c", defaultKeys), "shop"), "SharedCredsLoad: ", false},
		"a process that fails":    {processcreds.NewCredentials("exit 1"), "ProcessProviderExecutionError: ", false},
		"a container":             {endpointcreds.NewCredentialsClient(*other.Config, other.Handlers, refusing.URL), "CredentialsEndpointError: ", false},
		"a web identity":          {stscreds.NewWebIdentityCredentials(other, "arn:aws:iam::123456789012:role/r", "s", t.TempDir()+"/none"), "WebIdentityErr: ", false},
		"SSO without a login":     {ssocreds.NewCredentials(other, "123456789012", "r", "https://sso.example.com"), "SSOProviderInvalidToken: ", false},
		"a role that is refused":  {stscreds.NewCredentials(other, "arn:aws:iam::123456789012:role/r"), "ExpiredToken (403): 'too late'", true},
		"a provider of the build": {credentials.NewCredentials(&credentials.ErrorProvider{Err: errors.New("no safe"), ProviderName: "safe"}), "'no safe'", true},
	} {
		custom := testSession(t, s.URL)
		custom.Config.Credentials = tc.credentials
		svc := lambda.New(custom)
		for how, dropped := range map[string]bool{"with options": false, "without": true} {
			if dropped && tc.unknown {
				continue
			}
			i := &optionless{counted{Lambda: svc}}
			var invoker Invoker = i
			if !dropped {
				invoker = &i.counted
			}
			err := invoke.NewWith(NewAttempter(invoker), invoke.Target{MaxRetries: 3, Sleep: noSleep}).
				Invoke(t.Context(), &invoke.Request{Function: "f"}, &invoke.Policy{MaxRetries: -1}, func(*invoke.Response) error { return nil })
			var e *invoke.Error
			if !errors.As(err, &e) || e.Kind != invoke.KindCredentials || !strings.HasPrefix(e.Message, tc.code) || e.Status != 0 || i.calls != 1 || len(s.Calls()) != 0 {
				t.Errorf("%s, %s: got %#v after %d calls of the Invoker and %d of AWS", name, how, err, i.calls, len(s.Calls()))
			}
			var aerr awserr.Error
			if !errors.As(err, &aerr) && !tc.unknown {
				t.Errorf("%s, %s: got %#v, without the SDK's error", name, how, err)
			}
		}
	}
}

// Other errors before the request is sent are not errors of credentials.
func TestUnsentCalls(t *testing.T) {
	custom := testSession(t, "http://127.0.0.1:1")
	custom.Config.Region, custom.Config.Endpoint = aws.String(""), aws.String("")
	if _, err := attempt(t.Context(), lambda.New(custom), &invoke.Request{Function: "f"}, &invoke.Policy{}); err == nil || err.Kind != invoke.KindAPI || err.Code != "MissingRegion" {
		t.Errorf("got %#v", err)
	}
	svc := lambda.New(testSession(t, "http://127.0.0.1:1"))
	for name, i := range map[string]Invoker{"the SDK's client": svc, "one that sends by itself": sending{svc}} {
		if _, err := attempt(t.Context(), i, &invoke.Request{Function: "f"}, &invoke.Policy{}); err == nil || err.Kind != invoke.KindConnection {
			t.Errorf("%s: got %#v", name, err)
		}
	}
}

// sending is an Invoker that replaces the Send handlers.
type sending struct{ *lambda.Lambda }

func (s sending) InvokeWithContext(ctx aws.Context, in *lambda.InvokeInput, options ...request.Option) (*lambda.InvokeOutput, error) {
	return s.Lambda.InvokeWithContext(ctx, in, append(options, func(r *request.Request) {
		r.Handlers.Send.Clear()
		r.Handlers.Send.PushBack(func(r *request.Request) {
			r.Error = awserr.New(request.ErrCodeRequestError, "send request failed", io.ErrUnexpectedEOF)
		})
	})...)
}
