package sdkv2

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// rewriting is the provider of a build that changes the errors of the SDK's provider for a
// credential_process.
type rewriting struct {
	aws.CredentialsProvider
	change func(error) error
	calls  int
}

func (p *rewriting) Retrieve(ctx context.Context) (aws.Credentials, error) {
	p.calls++
	value, err := p.CredentialsProvider.Retrieve(ctx)
	return value, p.change(err)
}

// errorLines is a logger that passes lines on at ERROR, and drops all others.
type errorLines struct {
	silent
	lines chan string
}

func (l errorLines) Error(v ...any) { l.lines <- fmt.Sprintln(v...) }

// The SDK's provider quotes the output of a credential_process that it cannot read. No error and
// no line of the log repeats it, even if a build puts the error's text into another error.
func TestOutputOfAProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a POSIX shell's")
	}
	const keys = `"AccessKeyId":"hunter2","SecretAccessKey":"hunter2"`
	for output, command := range map[string]string{
		"no JSON":              "echo warning '{" + keys + "}'",
		"cut JSON":             `echo '{"Version":1,` + keys + `'`,
		"another type":         `echo '{"Version":1,` + keys + `,"SessionToken":{"hunter2":"hunter2"}}'`,
		"an invalid time":      `echo '{"Version":1,` + keys + `,"Expiration":"hunter2"}'`,
		"another version":      `echo '{"Version":2,` + keys + `}'`,
		"half of a key":        `echo '{"Version":1,"SecretAccessKey":"hunter2"}'`,
		"a failure afterwards": `echo '{` + keys + `}'; exit 3`,
	} {
		environment(t, nil, "[default]\nregion = eu-west-1\ncredential_process = "+command+"\n", "")
		custom, err := sdkconfig.LoadDefaultConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(error) error{
			"as it is":                  func(err error) error { return err },
			"wrapped":                   func(err error) error { return fmt.Errorf("vault: %w", err) },
			"as text":                   func(err error) error { return errors.New("vault: " + err.Error()) },
			"as text in the SDK's type": func(err error) error { return &smithy.GenericAPIError{Code: "Vault", Message: err.Error()} },
			"as the text of a panic":    func(err error) error { panic(err.Error()) },
		} {
			p := &rewriting{CredentialsProvider: custom.Credentials, change: change}
			cfg := custom.Copy()
			cfg.Credentials = p
			got := make(map[string]string)
			for how, s := range map[string]invoke.Settings{"a config": {}, "a role": {Role: role}} {
				l := errorLines{lines: make(chan string, 1)}
				s.Endpoint = "http://127.0.0.1:1"
				err := call(t.Context(), clientOf(t, NewSDK(&cfg, l, false), s))
				got[how] = err.Error() + "\n" + <-l.lines
			}
			for _, stream := range []bool{false, true} {
				for _, drops := range []bool{false, true} {
					if name == "as the text of a panic" { // it goes through the Invoker
						continue
					}
					_, err := callInvoker(t, &countedInvoker{lambda.NewFromConfig(cfg), drops, 0}, &invoke.Request{Function: "f", Stream: stream}, 0)
					got[fmt.Sprintf("an Invoker, stream %t, options dropped %t", stream, drops)] = err.Error()
				}
			}
			for how, got := range got {
				if p.calls == 0 || got == "" || strings.Contains(got, "hunter2") {
					t.Errorf("%s, the error %s, %s: got %q after %d calls", output, name, how, got, p.calls)
				}
			}
		}
	}
}
