package docstest

// longNamespaces spells the namespaces of every extra_config as KrakenD-CE passes them to its
// components. Lambda's stays unchanged: the adapter of KrakenD 2 reads both.
func longNamespaces(v any) any {
	return spelled(v, func(key, within string) string {
		if n, ok := lookup(key); ok && within == "extra_config" && n.short != shortLambdaNamespace {
			return n.long
		}
		return key
	})
}

// version2 has KrakenD 1.4's spelling of KrakenD 2 keys, by where they occur: in backends and
// endpoints, and in components.
var version2 = map[string]map[string]string{
	"": {
		"input_query_strings": "querystring_params",
		"input_headers":       "headers_to_pass",
	},
	"backend": {
		"allow": "whitelist",
		"deny":  "blacklist",
	},
	"extra_config": {
		shortLambdaNamespace: lambdaNamespace,
	},
	"github.com/devopsfaith/krakend-circuitbreaker/gobreaker": {
		"max_errors":        "maxErrors",
		"log_status_change": "logStatusChange",
	},
	"github.com/devopsfaith/krakend-ratelimit/juju/proxy": {
		"max_rate": "maxRate",
	},
	"github.com/devopsfaith/krakend-ratelimit/juju/router": {
		"max_rate":        "maxRate",
		"client_max_rate": "clientMaxRate",
	},
}

// Version2 spells the endpoints as KrakenD 1.4 and its components do.
func (s Service) Version2() Service {
	for i, e := range s.Endpoints {
		s.Endpoints[i] = spelled(e, func(key, within string) string {
			if before, ok := version2[within][key]; ok {
				return before
			}
			return key
		}).(object)
	}
	return s
}

// spelled returns v with other keys. spell receives a key and its parent key, which is empty at
// the top.
func spelled(v any, spell func(key, within string) string) any {
	var visit func(v any, within string) any
	visit = func(v any, within string) any {
		switch v := v.(type) {
		case object:
			o := make(object, len(v))
			for key, member := range v {
				o[spell(key, within)] = visit(member, key)
			}
			return o
		case list:
			l := make(list, len(v))
			for i, element := range v {
				l[i] = visit(element, within)
			}
			return l
		}
		return v
	}
	return visit(v, "")
}
