package sdkv1

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/processcreds"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// rewriting is the provider of a build that changes the errors of the SDK's provider for a
// credential_process.
type rewriting struct {
	command string
	change  func(error) error
	calls   int
}

func (p *rewriting) Retrieve() (credentials.Value, error) {
	p.calls++
	value, err := processcreds.NewCredentials(p.command).Get()
	return value, p.change(err)
}

func (p *rewriting) IsExpired() bool { return true }

// The SDK's provider quotes the output of a credential_process that it cannot read. No error and
// no line of the log repeats it, even if a build puts the error's text into another error. A
// process that writes output and fails is missing here: aws-sdk-go v1.55.8 has a data race then.
func TestOutputOfAProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a POSIX shell's")
	}
	environment(t, nil, "", "")
	const keys = `"AccessKeyId":"hunter2","SecretAccessKey":"hunter2"`
	for output, command := range map[string]string{
		"no JSON":         "echo warning '{" + keys + "}'",
		"cut JSON":        `echo '{"Version":1,` + keys + `'`,
		"another type":    `echo '{"Version":1,` + keys + `,"SessionToken":{"hunter2":"hunter2"}}'`,
		"an invalid time": `echo '{"Version":1,` + keys + `,"Expiration":"hunter2"}'`,
		"another version": `echo '{"Version":2,` + keys + `}'`,
		"half of a key":   `echo '{"Version":1,"SecretAccessKey":"hunter2"}'`,
	} {
		for name, change := range map[string]func(error) error{
			"as it is": func(err error) error { return err },
			"in a chain": func(err error) error {
				return awserr.NewBatchError("NoCredentialProviders", "none", []error{errors.New("no keys"), err})
			},
			"wrapped":                      func(err error) error { return fmt.Errorf("vault: %w", err) },
			"wrapped in the SDK's type":    func(err error) error { return awserr.New("Vault", "no", fmt.Errorf("vault: %w", err)) },
			"as text":                      func(err error) error { return errors.New("vault: " + err.Error()) },
			"as text in the SDK's type":    func(err error) error { return awserr.New("Vault", err.Error(), nil) },
			"as text wrapped in that type": func(err error) error { return awserr.New("Vault", "no", errors.New(err.Error())) },
		} {
			p := &rewriting{command: command, change: change}
			for how, got := range linesWithout(t, p) {
				if p.calls == 0 || got == "" || strings.Contains(got, "hunter2") {
					t.Errorf("%s, the error %s, %s: got %q after %d calls", output, name, how, got, p.calls)
				}
			}
		}
	}
}

// linesWithout returns the errors and the log of calls that get no credentials from a provider:
// those of a session, and those of Invokers.
func linesWithout(t *testing.T, p credentials.Provider) map[string]string {
	t.Helper()
	lines := make(map[string]string)
	custom := func() *session.Session {
		s := testSession(t, "http://127.0.0.1:1")
		s.Config.Credentials = credentials.NewCredentials(p)
		return s
	}
	for how, role := range map[string]invoke.Role{"a session": {}, "a role": {ARN: gatewayRole, SessionName: "krakend-lambda"}} {
		l := &recorder{}
		got := signer(t, New(custom(), l, false), invoke.Settings{Role: role})
		l.await(t, "ERROR [Lambda] no AWS credentials")
		lines[how] = strings.Join(slices.Concat([]string{got}, l.level("ERROR")), "\n")
	}
	svc := lambda.New(custom())
	for how, tc := range map[string]struct {
		invoker Invoker
		stream  bool
	}{
		"an Invoker":                    {svc, false},
		"an Invoker, stream":            {svc, true},
		"an Invoker that drops options": {&optionless{counted{Lambda: svc}}, false},
	} {
		err := invoke.NewWith(NewAttempter(tc.invoker), invoke.Target{}).
			Invoke(t.Context(), &invoke.Request{Function: "f", Stream: tc.stream}, &invoke.Policy{}, func(*invoke.Response) error { return nil })
		lines[how] = err.Error()
	}
	return lines
}
