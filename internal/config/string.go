package config

import (
	"fmt"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// String describes in a few words what a backend invokes.
func (c *Config) String() string {
	s := "function " + c.Function.String()
	if c.ParamName != "" {
		s = "function from the param " + c.ParamName
		if c.Qualifier != "" {
			s += ", qualifier " + c.Qualifier
		}
	}
	if c.Region != "" {
		s += ", region " + c.Region
	}
	if c.Endpoint != "" {
		s += ", endpoint " + c.Endpoint
	}
	if c.Profile != "" {
		s += ", profile " + text.Quote(c.Profile)
	}
	if c.Role.ARN != "" {
		s += ", role " + c.Role.ARN
	}
	if !c.TenantID.IsZero() {
		s += ", tenant " + text.Quote(c.TenantID.String())
	}
	if !c.DurableExecutionName.IsZero() {
		s += ", durable execution " + text.Quote(c.DurableExecutionName.String())
	}
	if c.InvocationType != "" {
		s += ", invocation type " + c.InvocationType
	}
	if c.PayloadFormat != Simple {
		s += ", payload format " + c.PayloadFormat.String()
	}
	if c.Stream {
		s += ", streamed"
	}
	switch {
	case c.ParamName == "":
	case c.Allowed == nil:
		s += ", every name allowed"
	default:
		s += fmt.Sprintf(", allowed %v", c.Allowed)
	}
	return s
}
