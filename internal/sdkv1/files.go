package sdkv1

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go/aws/defaults"
)

// sharedFiles returns the names of the shared AWS files: the config file and the credentials
// file. If both have a key, the credentials file counts.
func sharedFiles() []string {
	return []string{
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), defaults.SharedConfigFilename()),
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), defaults.SharedCredentialsFilename()),
	}
}

// section has the keys of a section, with their values as written. Keys of a nested block are
// joined by a dot: the line "endpoint_url = x" below "lambda =" is lambda.endpoint_url.
type section map[string]string

// get returns the value of a key as the SDK reads it.
func (s section) get(key string) string { return unquote(s[key]) }

// sections are the sections of a shared AWS file, by the names in brackets.
type sections map[string]section

// readFiles reads the shared AWS files, in the order of sharedFiles.
func readFiles() []sections {
	var files []sections
	for _, name := range sharedFiles() {
		files = append(files, readSections(name))
	}
	return files
}

// readSections reads a shared AWS file. As in the SDK, quotes are part of a section's name, and
// the last of several sections with one name counts. It returns nil for a file that cannot be
// read; the SDK reports that.
func readSections(file string) sections {
	//nolint:gosec // G304: the operator's environment names the file
	content, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	all := make(sections)
	var current section
	var parent string // the key that the indented lines below belong to; empty for none
	for line := range strings.Lines(string(content)) {
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if !indented {
			parent = ""
		}
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			current, parent = make(section), ""
			all[strings.TrimSpace(name)] = current
			continue
		}
		i := strings.IndexAny(line, "=:")
		if i <= 0 || current == nil || isComment(line) {
			continue
		}
		key, value := strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		if parent != "" {
			key = parent + "." + key
		} else if value == "" {
			parent = key
		}
		current[key] = value
	}
	return all
}

// checkFiles returns an error for a shared AWS file with a line that the SDK would skip
// silently, perhaps with other lines: one that is neither a section nor a key with its value, or
// one with an unclosed double quote. Lines that begin with white space belong to the value
// above. The SDK reports a file that cannot be read.
func checkFiles(names []string) error {
	for _, name := range names {
		//nolint:gosec // G304: the operator's environment names the file
		content, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		number := 0
		for line := range strings.Lines(string(content)) {
			number++
			if fault := faultOf(strings.TrimRight(line, "\r\n\t ")); fault != "" {
				return fmt.Errorf("%s: line %d %s", name, number, fault)
			}
		}
	}
	return nil
}

// faultOf describes what is wrong with a line of a shared AWS file. It returns an empty string
// for a line that the SDK reads. The SDK treats a colon like an equals sign.
func faultOf(line string) string {
	end, _, open := scan(line)
	statement := line[:end]
	switch {
	case open:
		return "opens a double quote and does not close it"
	case statement == "", strings.HasPrefix(line, " "), strings.HasPrefix(line, "\t"):
		return ""
	case statement[0] == '[' && !strings.Contains(statement, "]"):
		return "opens a section with [ and does not close it"
	case statement[0] != '[' && !strings.ContainsAny(statement, "=:"):
		return "is neither a section nor a key with its value"
	}
	return ""
}

func isComment(line string) bool { return strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") }

// profile returns the section of a profile, under any of the names that the SDK looks for, or
// nil.
func (s sections) profile(name string) section {
	if found, ok := s[name]; ok {
		return found
	}
	return s["profile "+name]
}

// quoted returns the name of a profile's section with quotes around the profile, or an empty
// string. `aws configure --profile "two words"` writes [profile 'two words'].
func (s sections) quoted(profile string) string {
	for name := range s {
		rest, ok := strings.CutPrefix(name, "profile")
		if rest = strings.TrimSpace(rest); ok && (rest == "'"+profile+"'" || rest == `"`+profile+`"`) {
			return name
		}
	}
	return ""
}

// profile holds the settings of a profile in the shared AWS files.
type profile struct {
	name string
	section
	hasKeys bool // access key id and secret access key, in one file
}

func newProfile(files []sections, name string) profile {
	p := profile{name: name, section: make(section)}
	for _, file := range files {
		s := file.profile(name)
		p.hasKeys = p.hasKeys || s.get("aws_access_key_id") != "" && s.get("aws_secret_access_key") != ""
		maps.Copy(p.section, s)
	}
	return p
}

// chain returns a profile and the profiles that its role is assumed with, by source_profile. The
// last one has the credentials. As in the SDK, a profile that appears again has no role.
func chain(files []sections, name string) []profile {
	var profiles []profile
	seen := make(map[string]bool)
	for {
		p := newProfile(files, name)
		if seen[name] {
			for _, key := range []string{"role_arn", "source_profile"} {
				delete(p.section, key)
			}
		}
		profiles, seen[name] = append(profiles, p), true
		if name = p.get("source_profile"); name == "" {
			return profiles
		}
	}
}

// usesProcess tells whether the SDK uses the profile's credential_process. The SDK prefers keys
// and SSO.
func (p profile) usesProcess() bool {
	return p.process() != "" && !p.hasKeys && !p.hasSSO()
}

// process returns the credential_process of a profile for the system's shell, which handles its
// quotes: https://docs.aws.amazon.com/cli/latest/topic/config-vars.html. The SDK would drop
// everything after a program in double quotes, and the whole value if it has a comma after a
// space. If the whole value is in double quotes, and no program has that name, it is a command
// line, as in the SDK.
func (p profile) process() string {
	value := p.section["credential_process"]
	end, _, _ := scan(value)
	value = strings.TrimSpace(value[:end])
	if quoted, rest, ok := cutQuoted(value); ok && rest == "" {
		if _, err := exec.LookPath(unescape(quoted)); err != nil {
			return unescape(quoted)
		}
	}
	return value
}

// hasSource tells whether the SDK finds credentials for a profile without a source_profile.
func (p profile) hasSource() bool {
	return p.hasKeys || p.hasSSO() || p.process() != "" || p.get("credential_source") != "" || p.get("web_identity_token_file") != ""
}

// usesWebIdentity tells whether the SDK assumes the role of a profile with a web identity.
func (p profile) usesWebIdentity() bool {
	return p.get("web_identity_token_file") != "" && !p.hasKeys && p.get("source_profile") == ""
}

func (p profile) hasSSO() bool {
	for _, key := range []string{"sso_session", "sso_account_id", "sso_region", "sso_role_name", "sso_start_url"} {
		if p.get(key) != "" {
			return true
		}
	}
	return false
}

// unquote returns a value as the SDK reads it. The SDK loses a value with a word that begins
// with a comma. If a value begins with double quotes, it uses only the text between them. Any
// other value ends before a comment and the spaces in front of it, but not before a tab there.
// Double quotes after a space protect both, and are part of the value.
func unquote(value string) string {
	end, comma, _ := scan(value)
	if comma {
		return ""
	}
	if quoted, _, ok := cutQuoted(value); ok {
		return unescape(quoted)
	}
	return strings.TrimRight(value[:end], " ")
}

// scan reads a line, or a part of one, word by word as the SDK does. It returns where a comment
// begins (the length of the line if there is none), whether a word begins with a comma, and
// whether a word begins with an unclosed double quote.
func scan(line string) (end int, comma, open bool) {
	for end < len(line) {
		rest := line[end:]
		if isComment(rest) {
			break
		}
		switch quoted, _, ok := cutQuoted(rest); {
		case ok:
			end += len(quoted) + 2
		case rest[0] == '"':
			return len(line), comma, true
		case rest[0] == ',':
			comma = true
			end++
		case strings.ContainsRune(" \t=:[]", rune(rest[0])):
			end++
		default:
			if word := strings.IndexAny(rest, " =:[]"); word >= 0 {
				end += word
			} else {
				end = len(line)
			}
		}
	}
	return end, comma, false
}

// cutQuoted splits a value after the double quotes that it begins with. It returns false for any
// other value.
func cutQuoted(value string) (quoted, rest string, ok bool) {
	if !strings.HasPrefix(value, `"`) {
		return "", "", false
	}
	for i := 1; i < len(value); i++ {
		if value[i] == '"' && value[i-1] != '\\' {
			return value[1:i], strings.TrimSpace(value[i+1:]), true
		}
	}
	return "", "", false
}

// unescape replaces the escape sequences between double quotes, as the SDK does.
func unescape(quoted string) string {
	escaped := map[byte]byte{'\'': '\'', '"': '"', 'n': '\n', 't': '\t', '\\': '\\'}
	value := make([]byte, 0, len(quoted))
	for _, c := range []byte(quoted) {
		if last := len(value) - 1; last >= 0 && value[last] == '\\' && escaped[c] != 0 {
			value[last] = escaped[c]
		} else {
			value = append(value, c)
		}
	}
	return string(value)
}
