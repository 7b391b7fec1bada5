package config

import (
	"fmt"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// String describes in a few words what a backend invokes.
func (c *Config) String() string {
	var room [256]byte // on the stack, for most texts
	s := append(room[:0], "function "...)
	add := func(label, value string) {
		if value != "" {
			s = append(append(s, label...), value...)
		}
	}
	if c.ParamName == "" {
		add("", c.Function.Name)
		add(":", c.Function.Qualifier)
	} else {
		add("from the param ", c.ParamName)
		if !c.Verbatim {
			s = append(s, ", the name's first letter put into upper case (function_name_case)"...)
		}
		add(", qualifier ", c.Qualifier)
	}
	add(", region ", c.Region)
	add(", endpoint ", c.Endpoint)
	if i := c.Identity; i != nil {
		if i.Profile != "" {
			add(", profile ", text.Quote(i.Profile))
		}
		add(", role ", i.Role.ARN)
	}
	if c.TenantID != nil {
		add(", tenant ", text.Quote(c.TenantID.String()))
	}
	if c.DurableExecutionName != nil {
		add(", durable execution ", text.Quote(c.DurableExecutionName.String()))
	}
	add(", invocation type ", c.InvocationType)
	if c.PayloadFormat != Simple {
		add(", payload format ", c.PayloadFormat.String())
	}
	if c.Stream {
		s = append(s, ", streamed"...)
	}
	switch {
	case c.ParamName == "":
	case c.Allowed == nil:
		s = append(s, ", every name allowed"...)
	default:
		s = fmt.Appendf(s, ", allowed %v", c.Allowed)
	}
	return string(s)
}
