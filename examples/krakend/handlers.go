package main

import (
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
	router "github.com/devopsfaith/krakend/router/gin"
	"github.com/gin-gonic/gin"
)

// handlers makes the handlers of endpoints: with others where a backend is not a function, and with
// functions where all are. The adapter logs each error of a function once, with its cause, and so
// the access log does not repeat it. Errors of HTTP backends are logged as ever.
func (r reports) handlers(functions, others router.HandlerFactory) router.HandlerFactory {
	return func(e *config.EndpointConfig, p proxy.Proxy) gin.HandlerFunc {
		if !r.onlyFunctions(e) {
			return others(e, p)
		}
		handle := functions(e, p)
		return func(c *gin.Context) {
			handle(c)
			c.Errors = nil
		}
	}
}

func (r reports) onlyFunctions(e *config.EndpointConfig) bool {
	for _, b := range e.Backend {
		if _, ok := r[b]; !ok {
			return false
		}
	}
	return true
}
