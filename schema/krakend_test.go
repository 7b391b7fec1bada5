package schema

import (
	"encoding/json"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awslambda2 "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	awslambda "github.com/aws/aws-sdk-go/service/lambda"
	lambda1 "github.com/devopsfaith/krakend-lambda"
	lambda2 "github.com/devopsfaith/krakend-lambda/lura/v2"
	config1 "github.com/devopsfaith/krakend/config"
	logging1 "github.com/devopsfaith/krakend/logging"
	proxy1 "github.com/devopsfaith/krakend/proxy"
	config2 "github.com/luraproject/lura/v2/config"
	logging2 "github.com/luraproject/lura/v2/logging"
	proxy2 "github.com/luraproject/lura/v2/proxy"
)

// Every krakend.json of the repository is valid. With an unknown key, its Lambda backends are not.
func TestConfigurationsOfTheRepository(t *testing.T) {
	schema := compile(t, "krakend.json")
	found := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", ".bin", "node_modules", "testdata", "schema"}, name):
			return fs.SkipDir
		case entry.IsDir() || name != "krakend.json":
			return nil
		}
		found++
		configuration := parseFile(t, path)
		if err := schema.Validate(configuration); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		backends := 0
		walk(configuration, "", func(_ string, v any) {
			m, _ := v.(object)
			for _, namespace := range []string{shortNamespace, longNamespace} {
				settings, ok := m[namespace].(object)
				if !ok {
					continue
				}
				backends++
				settings["function"] = "f"
				if schema.Validate(configuration) == nil {
					t.Errorf("%s: %v has an unknown key, and the schema accepts it", path, settings)
				}
				delete(settings, "function")
			}
		})
		if backends == 0 {
			t.Errorf("%s has no Lambda backend", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("found no krakend.json")
	}
}

// gateways returns the errors of the Lambda backends of a configuration. The KrakenD generation of its
// version reads it and makes the backends. ok is false if KrakenD refuses the whole configuration.
type gateways struct{ calls *awslambda.Lambda }

func newGateways(t *testing.T) gateways {
	t.Helper()
	s, err := session.NewSession(&aws.Config{Region: aws.String("us-west-2"), Credentials: credentials.NewStaticCredentials("AKIDEXAMPLE", "not-a-secret", "")})
	if err != nil {
		t.Fatal(err)
	}
	return gateways{awslambda.New(s)} // the test makes no calls
}

func (g gateways) wrong(configuration object) (wrong []string, ok bool) {
	document, err := json.Marshal(configuration)
	if err != nil {
		return nil, false
	}
	read := func(string) ([]byte, error) { return document, nil }
	if configuration["version"] == 2.0 {
		cfg, err := config1.NewParserWithFileReader(read).Parse("krakend.json")
		if err != nil {
			return nil, false
		}
		factory := lambda1.BackendFactory(func(*config1.Backend) proxy1.Proxy { return proxy1.NoopProxy }, lambda1.CheckOnly(), lambda1.WithInvoker(g.calls), lambda1.WithLogger(logging1.NoOp), lambda1.WithReport(func(r lambda1.Report) {
			if r.Err != nil {
				wrong = append(wrong, r.Err.Error())
			}
		}))
		for _, e := range cfg.Endpoints {
			for _, b := range e.Backend {
				factory(b)
				if _, ok := b.ExtraConfig[shortNamespace]; ok {
					wrong = append(wrong, "KrakenD 1.x does not know "+shortNamespace)
				}
			}
		}
		return wrong, true
	}
	cfg, err := config2.NewParserWithFileReader(read).Parse("krakend.json")
	if err != nil {
		return nil, false
	}
	factory := lambda2.BackendFactory(logging2.NoOp, func(*config2.Backend) proxy2.Proxy { return proxy2.NoopProxy }, lambda2.CheckOnly(), lambda2.WithInvoker(awslambda2.New(awslambda2.Options{})), lambda2.WithReport(func(r lambda2.Report) {
		if r.Err != nil {
			wrong = append(wrong, r.Err.Error())
		}
	}))
	for _, e := range cfg.Endpoints {
		for _, b := range e.Backend {
			factory(b)
		}
	}
	for _, a := range cfg.AsyncAgents {
		for _, b := range a.Backend {
			factory(b)
		}
	}
	return wrong, true
}

// with returns m with more keys. A nil value removes a key.
func with(m object, more object) object {
	all := object{}
	maps.Copy(all, m)
	maps.Copy(all, more)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

func TestWholeConfigurations(t *testing.T) {
	schema, gateways := compile(t, "krakend.json"), newGateways(t)
	lambda := object{"function_name": "f"}
	stream := object{"function_name": "f", "stream": true}
	backend := func(namespace string, settings any, more object) object {
		return with(object{"extra_config": object{namespace: settings}}, more)
	}
	endpoint := func(more object, backends ...any) object {
		return with(object{"endpoint": "/", "backend": backends}, more)
	}
	configuration := func(version float64, more object, endpoints ...any) object {
		return with(object{"version": version, "endpoints": endpoints}, more)
	}
	noOp := object{"encoding": "no-op"}
	outputNoOp := object{"output_encoding": "no-op"}
	outputJSON := object{"output_encoding": "json"}

	for name, tc := range map[string]struct {
		configuration object
		where         []string // places of its errors; empty if it is valid
	}{
		"KrakenD 2, the short namespace":   {configuration(3, nil, endpoint(nil, backend(shortNamespace, lambda, nil))), nil},
		"KrakenD 2, the long namespace":    {configuration(3, nil, endpoint(nil, backend(longNamespace, lambda, nil))), nil},
		"KrakenD 1, the long namespace":    {configuration(2, nil, endpoint(nil, backend(longNamespace, lambda, nil))), nil},
		"KrakenD 1, the short namespace":   {configuration(2, nil, endpoint(nil, backend(shortNamespace, lambda, nil))), []string{"/endpoints/0/backend/0/extra_config/backend~1lambda"}},
		"other backends":                   {configuration(3, nil, endpoint(nil, backend("qos/circuit-breaker", object{"stream": true}, object{"host": list{"http://127.0.0.1"}}), backend(shortNamespace, lambda, nil))), nil},
		"bad settings":                     {configuration(3, nil, endpoint(nil, backend("proxy", object{}, nil), backend(shortNamespace, object{"function_name": "a b"}, nil))), []string{"/endpoints/0/backend/1/extra_config/backend~1lambda/function_name"}},
		"bad settings, long":               {configuration(3, nil, endpoint(nil, backend(longNamespace, nil, nil)), endpoint(nil, backend(longNamespace, object{}, nil))), []string{"/endpoints/0/backend/0/extra_config/github.com~1devopsfaith~1krakend-lambda", "/endpoints/1/backend/0/extra_config/github.com~1devopsfaith~1krakend-lambda"}},
		"settings that are null":           {configuration(3, nil, endpoint(nil, object{"extra_config": object{shortNamespace: nil}})), []string{"/endpoints/0/backend/0/extra_config/backend~1lambda"}},
		"both namespaces":                  {configuration(3, nil, endpoint(nil, object{"extra_config": object{shortNamespace: lambda, longNamespace: lambda}})), []string{"/endpoints/0/backend/0/extra_config"}},
		"a stream":                         {configuration(3, nil, endpoint(nil, backend(shortNamespace, stream, noOp))), nil},
		"a stream to JSON":                 {configuration(3, nil, endpoint(outputJSON, backend(shortNamespace, stream, nil))), []string{"/endpoints/0/backend/0"}},
		"a stream of JSON":                 {configuration(3, nil, endpoint(nil, backend(longNamespace, stream, object{"encoding": "json"}))), []string{"/endpoints/0/backend/0/encoding"}},
		"a stream in capitals":             {configuration(3, nil, endpoint(nil, backend(longNamespace, stream, object{"encoding": "NO-OP"}))), []string{"/endpoints/0/backend/0/encoding"}},
		"no stream":                        {configuration(3, nil, endpoint(nil, backend(shortNamespace, object{"function_name": "f", "stream": false}, nil))), nil},
		"an endpoint that is no-op":        {configuration(3, nil, endpoint(outputNoOp, backend(shortNamespace, stream, object{"encoding": "json"}))), nil},
		"a gateway that is no-op":          {configuration(3, outputNoOp, endpoint(nil, backend(shortNamespace, stream, nil))), nil},
		"a gateway, but not its endpoint":  {configuration(3, outputNoOp, endpoint(outputJSON, backend(shortNamespace, stream, nil))), []string{"/endpoints/0/backend/0"}},
		"an endpoint with no encoding":     {configuration(3, outputNoOp, endpoint(object{"output_encoding": ""}, backend(shortNamespace, stream, nil))), nil},
		"an endpoint with a null encoding": {configuration(3, outputNoOp, object{"endpoint": "/", "output_encoding": nil, "backend": list{backend(shortNamespace, stream, nil)}}), nil},
		"KrakenD 1, an endpoint is no-op":  {configuration(2, outputNoOp, endpoint(outputNoOp, backend(longNamespace, stream, nil))), []string{"/endpoints/0/backend/0"}},
		"KrakenD 1, a stream":              {configuration(2, nil, endpoint(nil, backend(longNamespace, stream, noOp))), nil},
		"settings of other types":          {configuration(2, nil, endpoint(object{"concurrent_calls": 2.0, "method": "POST"}, object{"extra_config": nil}, object{"extra_config": object{}})), nil},
		"an agent's backend": {configuration(3, object{"async_agent": list{object{"name": "a", "backend": list{
			backend(shortNamespace, stream, noOp), backend(longNamespace, lambda, nil),
		}}}}), nil},
		"an agent's backend with a stream": {configuration(3, object{"output_encoding": "no-op", "async_agent": list{object{"name": "a", "encoding": "no-op", "backend": list{
			backend(shortNamespace, stream, nil),
		}}}}), []string{"/async_agent/0/backend/0"}},
		"an agent's backend with bad settings": {configuration(3, object{"async_agent": list{object{"name": "a", "backend": list{
			backend(longNamespace, object{"function_name": 1.0}, nil),
		}}}}), []string{"/async_agent/0/backend/0/extra_config/github.com~1devopsfaith~1krakend-lambda/function_name"}},
		"concurrent calls":             {configuration(3, nil, endpoint(object{"concurrent_calls": 3.0, "method": "POST"}, backend(shortNamespace, lambda, nil))), nil},
		"one call of a stream":         {configuration(3, nil, endpoint(object{"concurrent_calls": 1.0}, backend(shortNamespace, stream, noOp))), nil},
		"concurrent streams":           {configuration(3, nil, endpoint(object{"concurrent_calls": 2.0}, backend(shortNamespace, stream, noOp))), []string{"/endpoints/0/backend/0"}},
		"KrakenD 1, concurrent calls":  {configuration(2, nil, endpoint(object{"concurrent_calls": 3.0, "method": "get"}, backend(longNamespace, lambda, nil))), nil},
		"KrakenD 1, bodies":            {configuration(2, nil, endpoint(object{"concurrent_calls": 3.0, "method": "POST"}, backend(longNamespace, lambda, nil))), []string{"/endpoints/0/backend/0"}},
		"KrakenD 1, a backend's body":  {configuration(2, nil, endpoint(object{"concurrent_calls": 3.0}, backend(longNamespace, lambda, object{"method": "PUT"}))), []string{"/endpoints/0/backend/0/method"}},
		"KrakenD 1, a backend's GET":   {configuration(2, nil, endpoint(object{"concurrent_calls": 3.0, "method": "POST"}, backend(longNamespace, lambda, object{"method": "GET"}))), nil},
		"KrakenD 1, an HTTP backend":   {configuration(2, nil, endpoint(object{"concurrent_calls": 3.0, "method": "POST"}, object{"url_pattern": "/a"})), nil},
		"a placeholder like a claim":   {configuration(3, object{"disable_rest": true}, endpoint(object{"endpoint": "/users/{JWT.sub}"}, backend(shortNamespace, lambda, nil))), []string{"/endpoints/0/endpoint"}},
		"one in lower case":            {configuration(3, object{"disable_rest": true}, endpoint(object{"endpoint": "/{id}/of{jwt.sub}"}, backend("proxy", object{}, nil), backend(longNamespace, lambda, nil))), []string{"/endpoints/0/endpoint"}},
		"one as routers have it":       {configuration(3, nil, endpoint(object{"endpoint": "/users/:JWT.sub/orders"}, backend(longNamespace, lambda, nil))), []string{"/endpoints/0/endpoint"}},
		"no placeholder like a claim":  {configuration(3, object{"disable_rest": true}, endpoint(object{"endpoint": "/JWT.sub/{JWT}/{a.JWT.sub}/:b:JWT.sub"}, backend(shortNamespace, lambda, nil))), nil},
		"another backend's":            {configuration(3, object{"disable_rest": true}, endpoint(object{"endpoint": "/users/{JWT.sub}"}, backend("proxy", object{}, nil))), nil},
		"KrakenD 1, one like a claim":  {configuration(2, object{"disable_rest": true}, endpoint(object{"endpoint": "/users/{JWT.sub}"}, backend(longNamespace, lambda, nil))), nil},
		"no endpoints":                 {configuration(3, nil), nil},
		"an endpoint without a method": {configuration(2, nil, endpoint(object{"concurrent_calls": 3.0, "method": ""}, backend(longNamespace, lambda, object{"method": ""}))), nil},
	} {
		if got := places(schema.Validate(tc.configuration)); !slices.Equal(got, tc.where) {
			t.Errorf("%s: got errors at %q, want %q", name, got, tc.where)
		}
		switch wrong, ok := gateways.wrong(tc.configuration); {
		case !ok:
			t.Errorf("%s: KrakenD refuses it", name)
		case (len(wrong) > 0) != (len(tc.where) > 0):
			t.Errorf("%s: the gateway says %q", name, wrong)
		}
	}
}

// The schema and the gateways agree about random configurations.
func TestConfigurationsAndGateways(t *testing.T) {
	const (
		seed  = 1
		cases = 5_000
	)
	schema, gateways := compile(t, "krakend.json"), newGateways(t)
	counts := map[bool]map[float64]int{true: {}, false: {}} // by the version
	for i := range uint64(cases) {
		g := generator{rand.New(rand.NewPCG(seed, i))}
		configuration := g.configuration()
		wrong, ok := gateways.wrong(configuration)
		if !ok {
			continue
		}
		good := len(wrong) == 0
		counts[good][configuration["version"].(float64)]++
		if err := schema.Validate(configuration); (err == nil) != good {
			document, _ := json.Marshal(configuration)
			t.Errorf("seed %d, case %d: %s: the schema says %v, but the gateway %q", seed, i, document, err, strings.Join(wrong, "; "))
		}
	}
	for good, versions := range counts {
		for _, version := range []float64{2, 3} {
			if versions[version] < 300 {
				t.Errorf("version %v, valid %t: got %d configurations, want at least 300", version, good, versions[version])
			}
		}
	}
}

// configuration returns a random configuration with all parts that matter to a Lambda backend.
func (g generator) configuration() object {
	outputs := list{nil, nil, "", "json", "no-op", "no-op"}
	methods := list{nil, nil, "", "GET", "get", "POST"}
	paths := list{"/", "/", "/", "/{id}", "/{JWT}", "/{JWT.sub}", "/a/:jwt.sub"}
	backend := func() object {
		settings := object{"function_name": pick(g, list{"f", "f", "f", "f", "f", "f", "f", "a b"})}
		if g.one(2) {
			settings["stream"] = pick(g, list{true, true, false})
		}
		extra := object{}
		for _, namespace := range []string{shortNamespace, longNamespace, longNamespace, "proxy"} {
			if g.one(3) {
				extra[namespace] = settings
			}
		}
		return with(nil, object{"extra_config": extra, "encoding": pick(g, list{nil, nil, "json", "no-op", "no-op", "NO-OP"}), "method": pick(g, methods)})
	}
	configuration := with(nil, object{"version": pick(g, []float64{2, 3}), "disable_rest": pick(g, list{nil, true}), "output_encoding": pick(g, outputs)})
	var endpoints list
	for range 1 + g.IntN(2) {
		backends := list{backend()}
		if g.one(4) {
			backends = append(backends, backend())
		}
		endpoints = append(endpoints, with(nil, object{
			"endpoint": pick(g, paths), "backend": backends, "method": pick(g, methods), "output_encoding": pick(g, outputs), "concurrent_calls": pick(g, list{nil, nil, 0.0, 1.0, 2.0, 3.0}),
		}))
	}
	configuration["endpoints"] = endpoints
	if configuration["version"] == 3.0 && g.one(4) {
		configuration["async_agent"] = list{with(nil, object{"name": "a", "encoding": pick(g, outputs), "backend": list{backend()}})}
	}
	return configuration
}
