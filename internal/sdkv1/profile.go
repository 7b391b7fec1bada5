package sdkv1

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/defaults"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// sharedFiles returns the names of the shared AWS files: the config file, and that of
// credentials, which counts where both have a key.
func sharedFiles() []string {
	return []string{
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), defaults.SharedConfigFilename()),
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), defaults.SharedCredentialsFilename()),
	}
}

// section has the keys of a section, with their values as they are written.
type section map[string]string

// sections are the sections of a shared AWS file, by the name between the brackets.
type sections map[string]section

// readSections reads a shared AWS file. As for the SDK, quotes are part of a section's name, and
// the last of several sections with one name counts. It returns nil for a file that cannot be
// read, which is the SDK's to report.
func readSections(file string) sections {
	//nolint:gosec // G304: the operator's own environment names the file
	content, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	all := make(sections)
	var current section
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			current = make(section)
			all[strings.TrimSpace(name)] = current
			continue
		}
		i := strings.IndexAny(line, "=:")
		if i > 0 && current != nil && !isComment(line) {
			current[strings.TrimSpace(line[:i])] = strings.TrimSpace(line[i+1:])
		}
	}
	return all
}

func isComment(line string) bool { return strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") }

// profile returns the section of a profile under the names that the SDK looks for. It is nil for
// none.
func (s sections) profile(name string) section {
	if found, ok := s[name]; ok {
		return found
	}
	return s["profile "+name]
}

// quoted returns the name of a profile's section that has quotes around the profile, empty for
// none. `aws configure --profile "two words"` writes [profile 'two words'].
func (s sections) quoted(profile string) string {
	for name := range s {
		rest, ok := strings.CutPrefix(name, "profile")
		if rest = strings.TrimSpace(rest); ok && (rest == "'"+profile+"'" || rest == `"`+profile+`"`) {
			return name
		}
	}
	return ""
}

// checkProfile is an error for a profile that the SDK would not read as it stands in the shared
// AWS files: it says nothing itself, and signs with the role of the instance, or with what a
// program prints that it has run without its arguments. An empty profile is the environment's,
// or the default one.
func checkProfile(profile string) error {
	name := cmp.Or(profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
	names := sharedFiles()
	files := []sections{readSections(names[0]), readSections(names[1])}
	if section := files[0].quoted(name); section != "" && files[0].profile(name) == nil {
		return fmt.Errorf("profile: the AWS SDK does not find %s under [%s] in %s: write [profile %s], without quotes",
			text.Quote(name), text.Printable(section), names[0], text.Printable(name))
	}
	missing := files[0].profile(name) == nil && files[1].profile(name) == nil
	if missing && (profile != "" || name != "default" && !environmentHasCredentials()) {
		return fmt.Errorf("profile: there is no %s in %s", text.Quote(name), strings.Join(names, " or "))
	}
	if profile == "" && environmentHasCredentials() {
		return nil
	}
	return checkProcess(files, name)
}

// environmentHasCredentials tells whether the SDK takes those of the environment, and none of a
// profile.
func environmentHasCredentials() bool {
	_, err := credentials.NewEnvCredentials().Get()
	return err == nil || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != ""
}

// checkProcess is an error for a credential_process that the SDK would run without its
// arguments: it takes what is in double quotes for the whole value. The process may be that of a
// profile which the profile's role is assumed with.
func checkProcess(files []sections, name string) error {
	seen := make(map[string]bool)
	for {
		profile, hasOthers := merge(files, name)
		source := unquote(profile["source_profile"])
		if source != "" && !seen[name] {
			seen[name], name = true, source
			continue
		}
		if program, arguments := splitProcess(profile["credential_process"]); arguments != "" && !hasOthers {
			return fmt.Errorf("profile %s: credential_process: the AWS SDK runs %s without the arguments behind it, because of the double quotes: write the path without quotes, or in single ones",
				text.Quote(name), text.Quote(program))
		}
		return nil
	}
}

// merge returns what the files say of a profile, and whether the SDK has credentials of it that
// it takes before those of a process: keys, or SSO.
func merge(files []sections, name string) (merged section, hasOthers bool) {
	merged = make(section)
	for _, file := range files {
		profile := file.profile(name)
		hasOthers = hasOthers || profile["aws_access_key_id"] != "" && profile["aws_secret_access_key"] != ""
		maps.Copy(merged, profile)
	}
	for _, key := range []string{"sso_session", "sso_account_id", "sso_region", "sso_role_name", "sso_start_url"} {
		hasOthers = hasOthers || merged[key] != ""
	}
	return merged, hasOthers
}

// splitProcess returns the program that a value begins with in double quotes, and what the SDK
// drops behind it. Both are empty for any other value.
func splitProcess(value string) (program, arguments string) {
	program, rest, err := cutQuoted(value)
	if err != nil || isComment(rest) {
		return "", ""
	}
	return program, rest
}

// unquote returns a value as the SDK reads it.
func unquote(value string) string {
	if quoted, _, err := cutQuoted(value); err == nil {
		return quoted
	}
	for _, mark := range []string{" #", " ;"} {
		value, _, _ = strings.Cut(value, mark)
	}
	return strings.TrimSpace(value)
}

var errNoQuotes = errors.New("no double quotes")

// cutQuoted splits a value behind the double quotes that it begins with.
func cutQuoted(value string) (quoted, rest string, err error) {
	if !strings.HasPrefix(value, `"`) {
		return "", "", errNoQuotes
	}
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '"':
			return value[1:i], strings.TrimSpace(value[i+1:]), nil
		}
	}
	return "", "", errNoQuotes
}
