package docstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// OnKrakenD2 starts gateways of this build for KrakenD 2, until the end of the test.
func OnKrakenD2(t *testing.T, g *gatewaytest.Gateway) Start {
	return func(s Service) Gateway {
		t.Helper()
		p := gatewaytest.Start(t, g, s.Endpoints, gatewaytest.Options{
			Env: []string{
				"AWS_ACCESS_KEY_ID=" + gatewaytest.AccessKeyID,
				"AWS_SECRET_ACCESS_KEY=" + gatewaytest.SecretAccessKey,
				"AWS_REGION=us-west-2",
				"AWS_ENDPOINT_URL_STS=" + s.STS,
				"AWS_EC2_METADATA_DISABLED=true",
			},
			Home:    homeWith(t, s.Profiles),
			Service: s.Keys,
		})
		return Gateway{URL: p.URL, Log: func() string { return p.Log(t) }}
	}
}

// homeWith makes a home directory with these profiles in its shared AWS files.
func homeWith(t *testing.T, profiles []string) string {
	t.Helper()
	home := t.TempDir()
	file := filepath.Join(home, ".aws", "credentials")
	text := ""
	for _, p := range profiles {
		text += "[" + p + "]\naws_access_key_id = " + gatewaytest.AccessKeyID + "\naws_secret_access_key = " + gatewaytest.SecretAccessKey + "\n"
	}
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}
