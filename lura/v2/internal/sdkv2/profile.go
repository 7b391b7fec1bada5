package sdkv2

import (
	"github.com/aws/aws-sdk-go-v2/aws"
)

// profile is shared by all backends with one profile. It is read once.
type profile struct {
	config aws.Config
	http   httpSettings
	err    error // for all these backends
}

// profile reads a profile, empty for the environment's or the default one. It does not retry a
// failure, which applies to all backends. s.mu is held.
func (s *SDK) profile(name string) profile {
	p, ok := s.profiles[name]
	if !ok {
		p = newProfile(s.custom, name)
		s.profiles[name] = p
	}
	return p
}

func newProfile(custom *aws.Config, name string) (p profile) {
	if custom != nil && name == "" {
		p.config = *custom
		p.http = httpOf(custom.HTTPClient)
	} else {
		p.config, p.err = loadOnce(name)
		if p.err != nil {
			return p
		}
		p.http = httpOfLoaded(p.config.HTTPClient)
		if custom != nil && hasTransport(custom.HTTPClient) {
			p.http = httpOf(custom.HTTPClient)
		}
	}
	p.err = checkEndpoints(p.config)
	return p
}
