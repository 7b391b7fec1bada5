package backend

import (
	"fmt"
	"net/http"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// transport returns the build's transport for a backend, or nil.
func (s Spec) transport() (t http.RoundTripper, err error) {
	if s.Transport == nil {
		return nil, nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("WithTransport: panic: %s", text.Quote(fmt.Sprint(v)))
		}
	}()
	return s.Transport(), nil
}
