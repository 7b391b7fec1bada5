package docstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// A service is the configuration in a section's blocks.
type service struct {
	endpoints []*endpoint
	keys      object // other keys at the top level of krakend.json
	keysFrom  Block  // the first block that has some
}

// defaultFunction is invoked if a section configures a backend, or the whole gateway, but has no
// Lambda configuration.
const defaultFunction = "lambda-function"

// isConfiguration tells whether add accepts the block.
func isConfiguration(v any, bare bool) bool {
	switch v := v.(type) {
	case object:
		return bare || v["extra_config"] != nil || v["endpoints"] != nil || isEndpoint(v)
	case list:
		for _, element := range v {
			if !isEndpoint(element) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

func isEndpoint(v any) bool {
	o, _ := v.(object)
	return o["endpoint"] != nil && o["backend"] != nil
}

// add adds the configuration of a block.
func (s *service) add(b Block, v any) error {
	var err error
	switch o, _ := v.(object); {
	case o == nil:
		for _, e := range v.(list) {
			if err = s.addEndpoint(b, e.(object)); err != nil {
				break
			}
		}
	case isEndpoint(o):
		err = s.addEndpoint(b, o)
	case o["endpoints"] != nil:
		err = s.addKrakend(b, o)
	case isLambda(o):
		err = s.addBackend(b, object{"extra_config": o})
	case o["extra_config"] != nil:
		err = s.addBackend(b, o)
	default:
		err = s.addKeys(b, o)
	}
	if err != nil {
		return b.errorf("%w", err)
	}
	return nil
}

func (s *service) addEndpoint(b Block, o object) error {
	e := &endpoint{object: clone(o).(object), block: b, wrong: b.label() == wrongLabel}
	for _, other := range s.endpoints {
		if e.String() == other.String() {
			return fmt.Errorf("the section has %s already, in line %d", e, other.block.Line)
		}
	}
	s.endpoints = append(s.endpoints, e)
	if e.wrong {
		return nil
	}
	if err := checkKeys("an endpoint", o, endpointKeys, ofEndpoint); err != nil {
		return err
	}
	if len(e.backends()) == 0 {
		return fmt.Errorf("%s has no backend", e)
	}
	for _, backend := range e.backends() {
		if err := checkKeys("a backend", backend, backendKeys, ofBackend); err != nil {
			return err
		}
		if extra, _ := backend["extra_config"].(object); !isLambda(extra) {
			return fmt.Errorf("%s has a backend that is not a Lambda backend, and the test has no host for it", e)
		}
	}
	return nil
}

func (s *service) addKrakend(b Block, o object) error {
	if o["version"] != json.Number("3") {
		return fmt.Errorf("the version of a krakend.json is 3")
	}
	o = maps.Clone(o)
	endpoints, _ := o["endpoints"].(list)
	delete(o, "endpoints")
	for _, element := range endpoints {
		if !isEndpoint(element) {
			return fmt.Errorf("%s is not an endpoint", encode(element))
		}
		if err := s.addEndpoint(b, element.(object)); err != nil {
			return err
		}
	}
	return s.addKeys(b, o)
}

// addBackend adds a backend in a new endpoint, or adds an extra_config to the part that it is
// for.
func (s *service) addBackend(b Block, backend object) error {
	extra, _ := backend["extra_config"].(object)
	if extra == nil || isLambda(extra) {
		return s.addEndpoint(b, object{"endpoint": s.freePath(extra), "backend": list{backend}})
	}
	if len(backend) > 1 {
		return fmt.Errorf("a backend that is not a Lambda backend")
	}
	for name, settings := range extra {
		n, ok := lookup(name)
		fragment := object{"extra_config": object{name: settings}}
		var err error
		switch {
		case !ok:
			return fmt.Errorf("no gateway of the tests has the namespace %q", name)
		case n.places == ofService:
			err = s.addKeys(b, fragment)
		case n.places == ofBackend:
			for _, backend := range s.last(b).backends() {
				err = merge(backend, clone(fragment).(object))
			}
		default:
			err = merge(s.last(b).object, fragment)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// last returns the endpoint for configuration without one. If the section has no endpoint yet,
// it is a new one that invokes defaultFunction.
func (s *service) last(b Block) *endpoint {
	if len(s.endpoints) == 0 {
		extra := object{shortLambdaNamespace: object{"function_name": defaultFunction}}
		s.endpoints = append(s.endpoints, &endpoint{block: b, object: object{"endpoint": "/", "backend": list{object{"extra_config": extra}}}})
	}
	return s.endpoints[len(s.endpoints)-1]
}

// freePath returns an unused path for a backend without an endpoint. It contains the placeholder
// that names the function, if there is one.
func (s *service) freePath(extra object) string {
	path := "/"
	if n := len(s.endpoints); n > 0 {
		path = fmt.Sprintf("/%d", n+1)
	}
	for _, name := range []string{lambdaNamespace, shortLambdaNamespace} {
		settings, _ := extra[name].(object)
		if param, _ := settings["function_param_name"].(string); param != "" && capitalized(param) == param {
			return strings.TrimSuffix(path, "/") + "/{" + strings.ToLower(param[:1]) + param[1:] + "}"
		}
	}
	return path
}

// surroundings are the keys of krakend.json that the tests set themselves.
var surroundings = words("version host listen_ip port")

func (s *service) addKeys(b Block, o object) error {
	if err := checkKeys("krakend.json", o, serviceKeys, ofService); err != nil && b.label() != wrongLabel {
		return err
	}
	o = clone(o).(object)
	for _, key := range surroundings {
		delete(o, key)
	}
	if s.keys == nil {
		s.keys, s.keysFrom = object{}, b
	}
	return merge(s.keys, o)
}

// merge adds the missing members to an object. It merges the extra_configs of both.
func merge(into, from object) error {
	for key, v := range from {
		present, ok := into[key]
		a, isObject := present.(object)
		b, _ := v.(object)
		switch {
		case !ok:
			into[key] = v
		case key == "extra_config" && isObject && b != nil:
			if err := merge(a, b); err != nil {
				return err
			}
		case encode(present) != encode(v):
			return fmt.Errorf("the section has another %q already", key)
		}
	}
	return nil
}
