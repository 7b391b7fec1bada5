package sdkv1

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/processcreds"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/session"

	awscredentials "github.com/devopsfaith/krakend-lambda/internal/credentials"
)

// processCredentials returns the credentials of a profile from a credential_process, and assumes
// the roles of the profiles that build on it. It returns nil if the SDK uses other credentials.
// The SDK's provider never ends a process that hangs, and drops the arguments of a program in
// double quotes.
func processCredentials(ctx context.Context, s *session.Session, configured string) *credentials.Credentials {
	if configured == "" && environmentHasCredentials() {
		return nil
	}
	profiles := chain(readFiles(), profileName(configured))
	source := profiles[len(profiles)-1]
	if !source.usesProcess() {
		return nil
	}
	creds := credentials.NewCredentials(&process{ctx: ctx, command: source.process()})
	for _, p := range slices.Backward(profiles) {
		if arn := p.get("role_arn"); arn != "" {
			creds = stscreds.NewCredentials(s.Copy(&aws.Config{Credentials: creds}), arn, p.setRole)
		}
	}
	return creds
}

// setRole sets the role settings of a profile.
func (p profile) setRole(role *stscreds.AssumeRoleProvider) {
	role.RoleSessionName = p.get("role_session_name")
	role.ExternalID = unlessEmpty(p.get("external_id"))
	seconds, err := strconv.ParseInt(p.get("duration_seconds"), 0, 32)
	// The SDK does the same: AWS allows 15 minutes and more.
	if d := time.Duration(seconds) * time.Second; err == nil && d >= 16*time.Minute {
		role.Duration = d
	}
}

// process runs a credential_process, with limits. It implements credentials.Provider and
// credentials.Expirer. The format of the output:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
type process struct {
	credentials.Expiry

	// ctx is the lookup's. The SDK does not tell providers when it ends.
	ctx     context.Context // a process lives as long as its lookup
	command string          // for the system's shell
	forever bool            // the credentials do not expire
}

var _ credentials.Expirer = (*process)(nil)

// Retrieve implements credentials.Provider.
func (p *process) Retrieve() (credentials.Value, error) {
	output, err := p.run()
	if err != nil {
		return credentials.Value{}, awserr.New(processcreds.ErrCodeProcessProviderExecution, "error in credential_process", err)
	}
	var found processcreds.CredentialProcessResponse
	if err := json.Unmarshal(output, &found); err != nil {
		return credentials.Value{}, awserr.New(processcreds.ErrCodeProcessProviderParse, "the output of credential_process cannot be read as JSON", nil)
	}
	switch {
	case found.Version != 1:
		return credentials.Value{}, awserr.New(processcreds.ErrCodeProcessProviderVersion, "the Version in the output of credential_process is not 1", nil)
	case found.AccessKeyID == "" || found.SecretAccessKey == "":
		return credentials.Value{}, awserr.New(processcreds.ErrCodeProcessProviderRequired, "the output of credential_process lacks AccessKeyId or SecretAccessKey", nil)
	}
	if p.forever = found.Expiration == nil; !p.forever {
		p.SetExpiration(*found.Expiration, 0)
	}
	return credentials.Value{
		AccessKeyID: found.AccessKeyID, SecretAccessKey: found.SecretAccessKey, SessionToken: found.SessionToken,
		ProviderName: processcreds.ProviderName,
	}, nil
}

// IsExpired implements credentials.Provider.
func (p *process) IsExpired() bool { return !p.forever && p.Expiry.IsExpired() }

// run returns the output of the process, or an error if it is larger than maxLookup. When the
// lookup ends, it ends the process and all that the process has started. It does not wait for
// processes that outlive it.
func (p *process) run() ([]byte, error) {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd.exe", "/C"}
	}
	var output processOutput
	//nolint:gosec // G204: the operator's shared AWS files name the program
	cmd := exec.CommandContext(p.ctx, shell[0], shell[1], p.command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, &output, os.Stderr // a process may ask on the terminal
	cmd.WaitDelay = time.Second
	awscredentials.EndTree(cmd)
	err := cmd.Run()
	switch {
	case p.ctx.Err() != nil:
		return nil, p.ctx.Err()
	case output.exceeded:
		return nil, errOutput
	}
	return output.content, err
}

var errOutput = errors.New("it writes more than 64 KB")

// processOutput stores the output of a process. It fails beyond maxLookup bytes.
type processOutput struct {
	content  []byte
	exceeded bool
}

// Write implements io.Writer.
func (o *processOutput) Write(p []byte) (int, error) {
	if o.exceeded = len(o.content)+len(p) > maxLookup; o.exceeded {
		return 0, errOutput
	}
	o.content = append(o.content, p...)
	return len(p), nil
}
