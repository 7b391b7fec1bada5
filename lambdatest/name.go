package lambdatest

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// defaultAccount is the account of a function whose name does not have an account.
const defaultAccount = "000000000000"

// functionInPath returns the function of an invocation's path, unescaped, and
// whether the invocation is a streaming one.
func functionInPath(u *url.URL) (name string, streaming, ok bool) {
	path := u.EscapedPath()
	name, ok = cutAround(path, "/2015-03-31/functions/", "/invocations")
	if !ok {
		name, ok = cutAround(path, "/2021-11-15/functions/", "/response-streaming-invocations")
		streaming = ok
	}
	if !ok || name == "" || strings.Contains(name, "/") {
		return "", false, false
	}
	name, err := url.PathUnescape(name)
	return name, streaming, err == nil
}

func cutAround(s, prefix, suffix string) (string, bool) {
	s, begins := strings.CutPrefix(s, prefix)
	s, ends := strings.CutSuffix(s, suffix)
	return s, begins && ends
}

// A functionName holds the parts of a function's name. If bare is empty, the name is
// invalid.
type functionName struct {
	partition, region, account string // empty if the name does not have them
	bare                       string
	qualifier                  string
}

const (
	nameGrammar      = `[a-zA-Z0-9-_]{1,64}`
	versionGrammar   = `[a-zA-Z0-9-_]{1,128}`
	qualifierGrammar = `\$LATEST(?:\.PUBLISHED)?|` + versionGrammar
)

// functionNamePattern is the grammar of the parameter FunctionName in the API
// reference: a name, a partial ARN or an ARN, with or without a qualifier. The reference's
// pattern allows dots in names. This one does not, because CreateFunction refuses them.
var functionNamePattern = regexp.MustCompile(
	`^(?:arn:(aws[a-zA-Z-]*):lambda:([a-z0-9-]+):(\d{12}):function:|(\d{12}):function:|function:)?` +
		`(` + nameGrammar + `)(?::(` + qualifierGrammar + `))?$`)

var (
	bareName         = regexp.MustCompile(`^` + nameGrammar + `$`)
	versionOrAlias   = regexp.MustCompile(`^` + versionGrammar + `$`)
	qualifierPattern = regexp.MustCompile(`^(?:` + qualifierGrammar + `)$`)
)

func parseFunctionName(s string) functionName {
	m := functionNamePattern.FindStringSubmatch(s)
	if m == nil {
		return functionName{}
	}
	return functionName{partition: m[1], region: m[2], account: m[3] + m[4], bare: m[5], qualifier: m[6]}
}

// arn returns the ARN of the function as it was called, with the qualifier if any.
func (n functionName) arn(region, qualifier string) string {
	arn := fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s",
		cmp.Or(n.partition, "aws"), cmp.Or(n.region, region), cmp.Or(n.account, defaultAccount), n.bare)
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// checkName returns an error for a name that no call could use.
func checkName(name string) error {
	if !bareName.MatchString(name) {
		return fmt.Errorf("lambdatest: %q is not the bare name of a function", name)
	}
	return nil
}
