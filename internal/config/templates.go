package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// validateTemplates is the part of validate for tenants and durable executions. The formats must
// be set before.
func (d draft) validateTemplates(cfg *Config, endpoint Placeholders) (warnings []string, err error) {
	cfg.TenantID, cfg.DurableExecutionName = d.tenantID, d.durableExecutionName
	warnings = append(missingPlaceholders("tenant_id", d.tenantID, endpoint), missingPlaceholders("durable_execution_name", d.durableExecutionName, endpoint)...)
	if d.durableExecutionName == nil {
		return warnings, nil
	}
	const key = "durable_execution_name: "
	if cfg.InvocationType == InvocationDryRun {
		cfg.DurableExecutionName = nil
		return append(warnings, key+"has no effect with the invocation_type "+InvocationDryRun), nil
	}
	if cfg.Stream {
		return warnings, errors.New(key + "must not be set together with stream, because AWS's operation for streams does not take it")
	}
	if cfg.PayloadFormat != Simple {
		warnings = append(warnings, key+"with the payload_format "+cfg.PayloadFormat.String()+" AWS answers a repeated request with a 409, because its event differs: set payload_format to 'simple'")
	}
	if cfg.Qualifier == "" && cfg.Function.Qualifier == "" {
		warnings = append(warnings, key+"AWS refuses calls of durable functions without a version or an alias: set the qualifier")
	}
	if cfg.RetryFunctionErrors {
		warnings = append(warnings, "retry_function_errors: has no effect on calls with a durable_execution_name, because AWS answers each with the execution that failed")
	}
	return warnings, nil
}

// missingPlaceholders returns a warning for each param of a template that only another component
// can set.
func missingPlaceholders(key string, t *Template, endpoint Placeholders) (warnings []string) {
	for _, param := range t.Params() {
		if !endpoint.Has(param) && !isForeign(param) {
			warnings = append(warnings, fmt.Sprintf("%s: the endpoint has no placeholder for %s, so another component, such as a Lua script, must set it", key, text.Quote(param)))
		}
	}
	return warnings
}

// Claims returns the params with a token's claims that the templates use, each one once, in
// order.
func (c *Config) Claims() (claims []string) {
	seen := make(map[string]bool)
	for _, param := range slices.Concat(c.TenantID.Params(), c.DurableExecutionName.Params()) {
		if strings.HasPrefix(param, ClaimPrefix) && !seen[param] {
			seen[param] = true
			claims = append(claims, param)
		}
	}
	return claims
}
