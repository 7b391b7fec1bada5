package sdkv2

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/devopsfaith/krakend-lambda/internal/credentials"
)

// processProvider makes the provider of a profile whose credentials come from a
// credential_process, with the roles that profiles assume from there. The SDK's own provider keeps all
// output of a process, and waits for the processes that it starts.
func processProvider(cfg aws.Config, shared *sdkconfig.SharedConfig) aws.CredentialsProvider {
	if shared.Source != nil {
		cfg.Credentials = processProvider(cfg, shared.Source)
	} else {
		cfg.Credentials = processcreds.NewProviderCommand(command{processcreds.DefaultNewCommandBuilder{Args: []string{shared.CredentialProcess}}})
	}
	if shared.RoleARN == "" {
		return cfg.Credentials
	}
	return stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), shared.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = shared.RoleSessionName
		if shared.ExternalID != "" {
			o.ExternalID = &shared.ExternalID
		}
		// The chain does the same: AWS allows 15 minutes and more.
		if d := shared.RoleDurationSeconds; d != nil && *d > 15*time.Minute {
			o.Duration = *d
		}
	})
}

// command makes the command of a credential_process, with bounds.
type command struct {
	builder processcreds.NewCommandBuilder
}

// NewCommand implements processcreds.NewCommandBuilder.
func (c command) NewCommand(ctx context.Context) (*exec.Cmd, error) {
	cmd, err := c.builder.NewCommand(ctx)
	if err != nil {
		return nil, err
	}
	// The provider reads along.
	cmd.Stdout = &limitedWriter{left: maxAnswer}
	cmd.WaitDelay = time.Second
	credentials.EndTree(cmd)
	return cmd, nil
}

// limitedWriter fails if it gets more than its limit.
type limitedWriter struct{ left int }

var _ io.Writer = (*limitedWriter)(nil)

// Write implements io.Writer.
func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("it writes more than 64 KB")
	}
	return len(p), nil
}
