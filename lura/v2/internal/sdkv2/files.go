package sdkv2

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"

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
// with its value. aws-sdk-go-v2 passes over such a line, and goes on with half of the file. Lines
// with white space before them are parts of the value above, and the SDK reports a
// file that is absent or cannot be read.
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
		text.Quote(profile), text.Printable(string(quoted[1])), file, text.Printable(profile))
}
