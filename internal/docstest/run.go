package docstest

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// A run runs a section with its gateway.
type run struct {
	section   *Section
	functions *functions
	gateway   Gateway
	client    *http.Client

	called map[*endpoint]bool
	last   *answer           // of the last request, nil before the first one
	calls  []lambdatest.Call // of the last request
}

// An answer is a gateway's answer.
type answer struct {
	proto, status string // "HTTP/1.1", "200 OK"
	header        http.Header
	body          string
}

// Run runs the section, with a gateway if it configures one, and returns the differences from
// what the section says.
func (s *Section) Run(start Start) (errs []error) {
	if len(s.errs) > 0 {
		return s.errs
	}
	if len(s.service.endpoints) == 0 {
		for _, step := range s.steps {
			errs = append(errs, step.errorf("the section configures no endpoint"))
		}
		return errs
	}

	api := newFunctions()
	defer api.Close()
	started := s.service.started(api.URL)
	if assumed, none := s.service.roles(); !assumed {
		api.RequireCredentials(gatewaytest.AccessKeyID, gatewaytest.SecretAccessKey)
	} else {
		sts := newSTS()
		defer sts.Close()
		started.STS = sts.URL
		if !none {
			api.RequireCredentials(roleKeyID, roleSecret)
		}
	}
	for _, e := range s.service.endpoints {
		for _, settings := range e.settings() {
			if !e.wrong {
				api.declare(settings)
			}
		}
	}
	api.exist(fmt.Sprint(started.Endpoints))
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	r := &run{
		section:   s,
		functions: api,
		gateway:   start(started),
		client: &http.Client{
			Timeout:       gatewaytest.ClientTimeout,
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		called: map[*endpoint]bool{},
	}
	errs = r.checkStart()
	for _, step := range s.steps {
		if err := step.take(r); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, r.callTheRest()...)
	return append(errs, r.checkPolicies()...)
}

// send sends a request as curl does, and keeps the answer.
func (r *run) send(c *curl) (*answer, error) {
	request, err := http.NewRequest(c.method, r.gateway.URL+c.url.RequestURI(), strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	request.Header, request.Host = c.header, cmp.Or(c.header.Get("Host"), address)
	r.functions.exist(fmt.Sprint(c.url, c.header, c.body))
	before := len(r.functions.Calls())
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if e := response.TransferEncoding; e != nil { // net/http removes it
		response.Header["Transfer-Encoding"] = e
	}
	r.last = &answer{response.Proto, response.Status, response.Header, string(body)}
	r.calls = r.functions.Calls()[before:]
	return r.last, nil
}

// complaint matches what a gateway logs if its configuration has an error.
var complaint = regexp.MustCompile(`\b(?:(?:ERROR|CRITICAL|FATAL): .*|WARNING: .*\[Lambda\].*)`)

// checkStart reports complaints of the gateway at its start that the page does not show, and
// complaints on the page that the gateway does not log.
func (r *run) checkStart() (errs []error) {
	complaints := 0
	for line := range strings.Lines(r.gateway.Log()) {
		line = strings.TrimSpace(line)
		c := complaint.FindString(line)
		if c == "" {
			continue
		}
		if complaints++; !r.section.tells(line) {
			errs = append(errs, r.section.errorf("the gateway logs a line that the page does not show: %s", c))
		}
	}
	wrong := map[int]bool{}
	for _, e := range r.section.service.endpoints {
		if e.wrong {
			wrong[e.block.Line] = true
		}
	}
	if complaints < len(wrong) {
		errs = append(errs, r.section.errorf("%d blocks should be wrong, and the gateway complains of %d", len(wrong), complaints))
	}
	return errs
}

func (s *Section) errorf(format string, args ...any) error {
	return Block{Page: s.Page, Line: s.Line}.errorf(format, args...)
}
