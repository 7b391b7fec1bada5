package sdkv1

import (
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// All sources of the SDK's chain work. AWS_ENDPOINT_URL_STS replaces STS, and servers on loopback
// replace the metadata services.
func TestSourcesOfTheSDK(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	keys := fmt.Sprintf(`{"Code":"Success","AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
	processKeys := fmt.Sprintf(`{"Version":1,"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","SessionToken":"role-token","Expiration":%q}`, expires)
	answer := func(check func(r *http.Request) (string, bool)) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			body, ok := check(r)
			if !ok {
				w.WriteHeader(http.StatusForbidden)
			}
			io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	sso := answer(func(r *http.Request) (string, bool) {
		return fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"AKIDROLE0","secretAccessKey":"s","sessionToken":"role-token","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli()),
			r.URL.Path == "/federation/credentials" && r.Header.Get("X-Amz-Sso_bearer_token") == "sso-token" && r.URL.Query().Get("role_name") == "Gateway"
	})
	for _, tc := range []struct {
		name   string
		env    map[string]string
		config string
		sts    int // calls
	}{
		{
			name: "web identity, as for EKS service accounts",
			env:  map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")},
			sts:  1,
		},
		{
			name:   "the role of a profile",
			env:    map[string]string{"AWS_PROFILE": "shop"},
			config: "[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = base\n[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n",
			sts:    1,
		},
		{
			name:   "the process of a profile",
			config: "[default]\ncredential_process = cat " + writeFile(t, "keys", processKeys) + "\n",
		},
		{
			name: "EKS pod identity",
			env: map[string]string{
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": answer(func(r *http.Request) (string, bool) {
					return keys, r.URL.Path == "/v1/credentials" && r.Header.Get("Authorization") == "pod-token"
				}) + "/v1/credentials",
				"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": writeFile(t, "pod", "pod-token"),
			},
		},
		{
			name: "ECS task",
			env: map[string]string{
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": answer(func(r *http.Request) (string, bool) {
					return keys, r.URL.Path == "/v2/credentials/task" && r.Header.Get("Authorization") == "Basic task"
				}) + "/v2/credentials/task",
				"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic task",
			},
		},
		{
			name: "instance, by IMDSv2",
			env: map[string]string{
				"AWS_EC2_METADATA_DISABLED": "false",
				"AWS_EC2_METADATA_SERVICE_ENDPOINT": answer(func(r *http.Request) (string, bool) {
					const roles = "/latest/meta-data/iam/security-credentials/"
					switch {
					case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
						return "imds-token", true
					case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token":
						return "", false
					case r.URL.Path == roles:
						return "gateway", true
					}
					return keys, r.URL.Path == roles+"gateway"
				}),
			},
		},
		{
			name:   "the web identity of a profile",
			config: "[default]\nrole_arn = " + gatewayRole + "\nweb_identity_token_file = " + writeFile(t, "token", "web-identity") + "\n",
			sts:    1,
		},
		{
			name: "the web identity of a source profile",
			config: "[default]\nrole_arn = " + gatewayRole + "\nsource_profile = base\n" +
				"[profile base]\nrole_arn = " + gatewayRole + "\nweb_identity_token_file = " + writeFile(t, "token", "web-identity") + "\n",
			sts: 2,
		},
		{
			name:   "SSO without a session",
			env:    map[string]string{"HOME": ssoHome(t, ssoURL)},
			config: ssoProfile,
		},
		{
			name:   "a session of SSO",
			env:    map[string]string{"HOME": ssoHome(t, "tea")},
			config: "[default]\nsso_session = tea\nsso_account_id = 123456789012\nsso_role_name = Gateway\n[sso-session tea]\nsso_region = us-west-2\nsso_start_url = " + ssoURL + "\n",
		},
		{
			name:   "the role of a session of SSO",
			env:    map[string]string{"HOME": ssoHome(t, "tea")},
			config: "[default]\nrole_arn = " + gatewayRole + "\nsource_profile = base\n[profile base]\nsso_session = tea\nsso_account_id = 123456789012\nsso_role_name = Gateway\n[sso-session tea]\nsso_region = us-west-2\nsso_start_url = " + ssoURL + "\n",
			sts:    1,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			redirectHost(t, ssoPortal, sso)
			sts := newSTS(t)
			environment(t, tc.env, tc.config, "")
			if got := sign(t, invoke.Settings{}); got != fmt.Sprintf("AKIDROLE%d eu-west-1", tc.sts) {
				t.Errorf("got %s", got)
			}
			calls := sts.Received()
			if len(calls) != tc.sts {
				t.Errorf("got %d calls of STS, want %d", len(calls), tc.sts)
			}
			for _, c := range calls {
				if token := c.Get("WebIdentityToken"); (c.Get("Action") == "AssumeRoleWithWebIdentity") != (token == "web-identity") || token != "" && c.Signed() != "" {
					t.Errorf("got the call %v", c)
				}
			}
		})
	}
}

const (
	ssoPortal  = "portal.sso.us-west-2.amazonaws.com"
	ssoURL     = "https://tea.example.com/start"
	ssoProfile = "[default]\nsso_start_url = " + ssoURL + "\nsso_region = us-west-2\nsso_account_id = 123456789012\nsso_role_name = Gateway\n"
)

// ssoHome makes a home directory like aws sso login. The name of the token's file comes from the
// session, or without one from the start URL.
func ssoHome(t *testing.T, name string) string {
	t.Helper()
	home := t.TempDir()
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	token := fmt.Sprintf(`{"accessToken":"sso-token","expiresAt":%q,"region":"us-west-2","startUrl":"`+ssoURL+`"}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	if err := os.WriteFile(filepath.Join(cache, fmt.Sprintf("%x.json", sha1.Sum([]byte(name)))), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}
