package sdkv2

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// sharedFiles returns the names of the shared AWS files, the config file first.
func sharedFiles() []string {
	return []string{
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), sdkconfig.DefaultSharedConfigFilename()),
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), sdkconfig.DefaultSharedCredentialsFilename()),
	}
}

// checkFiles returns an error for a shared file with a line that is neither a section nor a key
// with its value. aws-sdk-go-v2 skips such a line, and uses the rest of the file. Indented
// lines continue the value above. The SDK reports a file that is absent or that it cannot
// read.
func checkFiles() error {
	for _, file := range sharedFiles() {
		//nolint:gosec // G304: the operator's environment names the file
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		number := 0
		for line := range strings.Lines(string(content)) {
			number++
			line = strings.TrimRight(line, "\r\n\t ")
			switch {
			case line == "", strings.ContainsRune("#; \t", rune(line[0])):
			case line[0] == '[' && !strings.Contains(line, "]"):
				return fmt.Errorf("%s: line %d opens a section with [ and does not close it", file, number)
			case line[0] != '[' && !strings.Contains(line, "="):
				return fmt.Errorf("%s: line %d is neither a section nor a key with its value", file, number)
			}
		}
	}
	return nil
}

// checkQuotes returns an error for a profile whose section in the config file has its name in
// quotes, as the AWS CLI writes it: `aws configure --profile "two words"` makes
// [profile 'two words']. For aws-sdk-go-v2 (config v1.33.18 too) quotes of either kind are part
// of the name. It would not find the profile, or go on with the half that is in the credentials
// file.
func checkQuotes(profile string) error {
	if profile == "" {
		return nil
	}
	file := sharedFiles()[0]
	//nolint:gosec // G304: the operator's environment names the file
	content, err := os.ReadFile(file)
	if err != nil {
		return nil // the SDK reports it
	}
	name := regexp.QuoteMeta(profile)
	quoted := regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*profile[ \t]+('` + name + `'|"` + name + `")[ \t]*\]`).FindSubmatch(content)
	plain := regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*profile[ \t]+` + name + `[ \t]*\]`)
	if quoted == nil || plain.Match(content) {
		return nil
	}
	return fmt.Errorf("profile: the AWS SDK does not find %s under [profile %s] in %s: write [profile %s], without quotes",
		text.Quote(profile), text.Clean(string(quoted[1])), file, text.Clean(profile))
}

// checkShared returns an error for profiles of a config that the SDK does not take as the shared
// AWS files say. profile is the configured one, empty for none. Credentials of the environment
// count before the roles of other profiles.
func checkShared(cfg aws.Config, profile string) error {
	var chain []*sdkconfig.SharedConfig // by source_profile
	fromEnvironment := false
	for _, source := range cfg.ConfigSources {
		switch source := source.(type) {
		case sdkconfig.EnvConfig:
			fromEnvironment = profile == "" && (source.Credentials.HasKeys() || source.WebIdentityTokenFilePath != "")
		case sdkconfig.SharedConfig:
			for p := &source; p != nil; p = p.Source {
				chain = append(chain, p)
			}
		}
	}
	for _, p := range chain {
		if err := checkQuotes(p.Profile); err != nil {
			return err
		}
	}
	if fromEnvironment {
		return nil
	}
	return checkRoles(chain)
}

// checkRoles returns an error for a role that no chain of profiles can assume: one that needs the
// code of an MFA device, or one without credentials to assume it with. The SDK reports the former
// at the first lookup. For the latter it would use the credentials of the container or the instance.
func checkRoles(chain []*sdkconfig.SharedConfig) error {
	for _, p := range chain {
		usesWebIdentity := p.WebIdentityTokenFile != "" && !p.Credentials.HasKeys()
		if p.RoleARN != "" && p.MFASerial != "" && !usesWebIdentity {
			return fmt.Errorf("profile %s: mfa_serial: the gateway cannot enter the code of an MFA device: use a role without MFA",
				text.Quote(p.Profile))
		}
		if p.RoleARN != "" && p.Source == nil && !hasSource(p) {
			return fmt.Errorf("profile %s: role_arn: there are no credentials to assume the role with: add source_profile or credential_source",
				text.Quote(p.Profile))
		}
	}
	return nil
}

// hasSource reports whether the SDK finds credentials for a profile without a source_profile.
func hasSource(p *sdkconfig.SharedConfig) bool {
	return p.Credentials.HasKeys() || cmp.Or(p.CredentialSource, p.WebIdentityTokenFile, p.CredentialProcess, p.LoginSession,
		p.SSOSessionName, p.SSORegion, p.SSOAccountID, p.SSOStartURL, p.SSORoleName) != ""
}
