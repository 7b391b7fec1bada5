package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// The characters of a tenant's id, from the service model of AWS Lambda. A space cannot be first
// or last: HTTP drops it there, and the call would use another tenant.
const (
	tenantInner = `[A-Za-z0-9._:/=+@ -]`
	tenantOuter = `[A-Za-z0-9._:/=+@-]`

	tenantGrammar = "1 to 256 of A-Z a-z 0-9 . _ : / = + @ - and, between them, spaces"
)

var (
	tenantID = regexp.MustCompile(`^` + tenantOuter + `(?:` + tenantInner + `{0,254}` + tenantOuter + `)?$`)
	// tenantText matches a configured tenant template, whose values have a length that only
	// requests tell.
	tenantText = regexp.MustCompile(`^` + tenantOuter + `(?:` + tenantInner + `*` + tenantOuter + `)?$`)
)

func (d *draft) decodeTenantID(v any) error {
	t, err := asTemplate(v)
	if err != nil {
		return err
	}
	grammar := tenantText
	if len(t.values) == 0 {
		grammar = tenantID
	}
	// Each value has at least one of these characters, so any one of them can replace it here.
	if !grammar.MatchString(strings.Join(t.literals, "x")) {
		return fmt.Errorf("%s is not a valid tenant: use %s", describe(v), tenantGrammar)
	}
	d.tenantID = t
	return nil
}

// InvalidTenant is the error for a request without a tenant, or with one that AWS does not
// accept. Its text quotes the request: use it in the log, never for the client.
type InvalidTenant struct{ reason string }

// Error implements error.
func (e *InvalidTenant) Error() string { return e.reason }

// TenantOf returns the tenant of a request. It is empty if no tenant is configured. Its error is
// an *InvalidTenant.
func (c *Config) TenantOf(r RequestValues) (string, error) {
	if c.TenantID == nil {
		return "", nil
	}
	tenant, ok := c.TenantID.Expand(r)
	switch {
	case !ok:
		return "", &InvalidTenant{"the request has no tenant: a placeholder of " + text.Quote(c.TenantID.String()) + " has no value"}
	case !tenantID.MatchString(tenant):
		return "", &InvalidTenant{fmt.Sprintf("%s is not a valid tenant: use %s", text.Quote(tenant), tenantGrammar)}
	}
	return tenant, nil
}
