package main

import (
	"github.com/devopsfaith/krakend/config"
	"github.com/devopsfaith/krakend/proxy"
	router "github.com/devopsfaith/krakend/router/gin"
	"github.com/gin-gonic/gin"
)

// handlers makes the handlers of endpoints: with functions if all backends are Lambda functions,
// else with others. The adapter logs each error of a function once, with its cause, so the access
// log does not repeat it. Errors of HTTP backends are logged as usual.
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
