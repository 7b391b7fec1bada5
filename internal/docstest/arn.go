package docstest

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A function is a function in a configuration. It has no name if requests name it.
type function struct {
	partition, account string // empty if it has no ARN
	name               string
}

var functionARN = regexp.MustCompile(`^(?:arn:(aws[a-z-]*):lambda:[^:]*:(\d{12}):function:|(\d{12}):function:|function:)?([A-Za-z0-9_-]+)`)

// fixedFunction returns the function_name of a Lambda configuration.
func fixedFunction(settings object) function {
	name, _ := settings["function_name"].(string)
	return parseFunction(name)
}

func parseFunction(name string) function {
	m := functionARN.FindStringSubmatch(name)
	if m == nil {
		return function{}
	}
	return function{partition: m[1], account: m[2] + m[3], name: m[4]}
}

// A role is the assume_role of a Lambda configuration.
type role struct{ arn, externalID string }

func assumedRole(settings object) role {
	o, _ := settings["assume_role"].(object)
	arn, _ := o["role_arn"].(string)
	id, _ := o["external_id"].(string)
	return role{arn, id}
}

// roles tells whether some backends assume a role, and whether some do not.
func (s *service) roles() (assumed, none bool) {
	for _, e := range s.endpoints {
		for _, settings := range e.settings() {
			if assumedRole(settings).arn == "" {
				none = true
			} else {
				assumed = true
			}
		}
	}
	return assumed, none
}

// account returns the role's account, empty without a role.
func (r role) account() string {
	if parts := strings.Split(r.arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}

// defaultAccount is the account of functions without an ARN in the configuration.
const defaultAccount = "123456789012"

// functionCalled returns the function of a call, and its ARN with the qualifier. The function
// has no name if a request has named it.
func (s *service) functionCalled(c lambdatest.Call) (f function, arn string) {
	account := ""
	for _, e := range s.endpoints {
		for _, settings := range e.settings() {
			if fixed := fixedFunction(settings); fixed.name == c.Function {
				f = fixed
				account = cmp.Or(fixed.account, assumedRole(settings).account())
			} else if fixed.name == "" && account == "" {
				account = assumedRole(settings).account()
			}
		}
	}
	return f, functionResource(cmp.Or(f.partition, "aws"), c.Region, cmp.Or(account, defaultAccount), c.Function, c.Qualifier)
}

func functionResource(partition, region, account, name, qualifier string) string {
	arn := strings.Join([]string{"arn", partition, "lambda", region, account, "function", name}, ":")
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}
