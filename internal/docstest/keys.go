package docstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// KrakenD silently ignores unknown keys. These are the keys that KrakenD 2 knows: the fields of
// ServiceConfig, EndpointConfig and Backend in github.com/luraproject/lura/v2/config.
var (
	serviceKeys = words(`allow_insecure_connections async_agent cache_ttl client_tls debug_endpoint dialer_fallback_delay
		dialer_keep_alive dialer_timeout disable_compression disable_keep_alives disable_rest dns_cache_ttl echo_endpoint
		endpoints expect_continue_timeout extra_config host idle_connection_timeout idle_timeout listen_ip
		max_header_bytes max_idle_connections max_idle_connections_per_host max_shutdown_wait_time name output_encoding
		plugin port read_header_timeout read_timeout response_header_timeout sequential_start timeout tls use_h2c version
		write_timeout`)
	endpointKeys = words(`backend cache_ttl concurrent_calls endpoint extra_config input_headers input_query_strings
		method output_encoding timeout`)
	backendKeys = words(`allow deny disable_host_sanitize encoding extra_config group host input_headers
		input_query_strings is_collection mapping method sd sd_scheme target url_pattern`)
)

func words(s string) []string { return strings.Fields(s) }

func checkKeys(of string, o object, known []string, p place) error {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !isComment(key) && !slices.Contains(known, key) {
			return fmt.Errorf("%q is not a key of %s in KrakenD 2", key, of)
		}
	}
	extra, ok := o["extra_config"].(object)
	if !ok && o["extra_config"] != nil {
		return fmt.Errorf("the extra_config of %s is not an object", of)
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		switch n, ok := lookup(name); {
		case isComment(name):
		case !ok:
			return fmt.Errorf("no gateway of the tests has the namespace %q", name)
		case n.places&p == 0:
			return fmt.Errorf("the namespace %q does not belong to %s", name, of)
		}
	}
	return nil
}
