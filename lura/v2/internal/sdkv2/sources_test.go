package sdkv2

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

func TestAssumeRole(t *testing.T) {
	environment(t, keysOfEnvironment, "", shopKeys)
	for _, tc := range []struct {
		custom   *aws.Config
		settings invoke.Settings
		base     string // access key id and region at STS
		form     url.Values
	}{
		{nil, invoke.Settings{Role: role}, "AKIDENV eu-west-1", url.Values{"RoleSessionName": {"krakend-lambda"}}},
		{
			nil,
			invoke.Settings{Profile: "shop", Region: "us-east-1", Role: invoke.Role{ARN: gatewayRole, ExternalID: "tea:7", SessionName: "edge"}},
			"AKIDSHOP us-east-1",
			url.Values{"RoleSessionName": {"edge"}, "ExternalId": {"tea:7"}},
		},
		{customConfig(), invoke.Settings{Role: role}, "AKIDEXAMPLE eu-west-1", url.Values{"RoleSessionName": {"krakend-lambda"}}},
		{&aws.Config{Credentials: aws.AnonymousCredentials{}}, invoke.Settings{Role: role}, "", url.Values{"RoleSessionName": {"krakend-lambda"}}},
		{&aws.Config{Credentials: aws.AnonymousCredentials{}}, invoke.Settings{Profile: "shop", Role: role}, "AKIDSHOP eu-west-1", url.Values{"RoleSessionName": {"krakend-lambda"}}},
	} {
		sts := newSTS(t)
		custom := tc.custom
		if custom != nil { // the SDK reads the variable only for configs that it loads
			custom.BaseEndpoint = aws.String(os.Getenv("AWS_ENDPOINT_URL_STS"))
		}
		if got := find(t, newSDK(custom), tc.settings); got != "AKIDROLE1" {
			t.Errorf("%+v: got %s", tc.settings, got)
		}
		calls := sts.Received()
		if len(calls) != 1 {
			t.Fatalf("%+v: got %d calls of STS, want 1", tc.settings, len(calls))
		}
		if got := calls[0].Signed(); got != tc.base {
			t.Errorf("%+v: STS was called with %q, want %q", tc.settings, got, tc.base)
		}
		tc.form["Action"], tc.form["RoleArn"] = []string{"AssumeRole"}, []string{gatewayRole}
		for key, want := range tc.form {
			if got := calls[0].Values[key]; !slices.Equal(got, want) {
				t.Errorf("%+v: got %s %q, want %q", tc.settings, key, got, want)
			}
		}
		if len(tc.form["ExternalId"]) != len(calls[0].Values["ExternalId"]) {
			t.Errorf("%+v: got the external id %q", tc.settings, calls[0].Values["ExternalId"])
		}
	}
}

// A config with anonymous credentials is for a stand-in that checks no signatures. Profiles and roles
// use their own credentials.
func TestAnonymousConfig(t *testing.T) {
	environment(t, nil, "", shopKeys)
	for _, p := range []aws.CredentialsProvider{aws.AnonymousCredentials{}, aws.NewCredentialsCache(aws.AnonymousCredentials{})} {
		c := newSDK(&aws.Config{Credentials: p})
		if c.cache(keyOf(invoke.Settings{})) != nil {
			t.Error("calls are signed")
		}
		if got := find(t, c, invoke.Settings{Profile: "shop"}); got != "AKIDSHOP" {
			t.Errorf("got %s for a profile", got)
		}
	}
}

// All sources of the SDK's chain work. AWS_ENDPOINT_URL_STS replaces STS, and servers on loopback
// replace the metadata services.
func TestSourcesOfTheSDK(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	keys := fmt.Sprintf(`{"Code":"Success","AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","Token":"role-token","Expiration":%q}`, expires)
	processKeys := fmt.Sprintf(`{"Version":1,"AccessKeyId":"AKIDROLE0","SecretAccessKey":"s","SessionToken":"role-token","Expiration":%q}`, expires)
	answer := func(check func(r *http.Request) (string, bool)) string {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			body, ok := check(r)
			if !ok {
				w.WriteHeader(http.StatusForbidden)
			}
			io.WriteString(w, body)
		})
	}
	sso := answer(func(r *http.Request) (string, bool) {
		return fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"AKIDROLE0","secretAccessKey":"s","sessionToken":"role-token","expiration":%d}}`, time.Now().Add(time.Hour).UnixMilli()),
			r.URL.Path == "/federation/credentials" && r.Header.Get("X-Amz-Sso_bearer_token") == "sso-token" && r.URL.Query().Get("role_name") == "Gateway"
	})
	for _, tc := range []struct {
		name    string
		env     map[string]string
		config  string
		profile string
		sts     int // calls
	}{
		{
			name: "web identity, as for EKS service accounts",
			env:  map[string]string{"AWS_ROLE_ARN": gatewayRole, "AWS_WEB_IDENTITY_TOKEN_FILE": writeFile(t, "token", "web-identity")},
			sts:  1,
		},
		{
			name:    "web identity of a profile",
			profile: "shop",
			config:  "[profile shop]\nrole_arn = " + gatewayRole + "\nweb_identity_token_file = " + writeFile(t, "token", "web-identity") + "\n",
			sts:     1,
		},
		{
			name:   "the role of a profile",
			env:    map[string]string{"AWS_PROFILE": "shop"},
			config: "[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = base\n[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n",
			sts:    1,
		},
		{
			name:    "a chain of roles",
			profile: "shop",
			config: "[profile shop]\nrole_arn = " + gatewayRole + "\nsource_profile = middle\n[profile middle]\nrole_arn = " + gatewayRole +
				"2\nsource_profile = base\n[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n",
			sts: 2,
		},
		{
			name:    "a chain of roles that starts with a process",
			profile: "shop",
			config: "[profile shop]\nrole_arn = " + gatewayRole + "\nexternal_id = tea\nduration_seconds = 7200\nrole_session_name = edge\nsource_profile = middle\n[profile middle]\nrole_arn = " + gatewayRole +
				"2\nsource_profile = base\n[profile base]\ncredential_process = cat " + writeFile(t, "keys", processKeys) + "\n",
			sts: 2,
		},
		{
			name:    "credential_source with the instance's role",
			profile: "shop",
			config:  "[profile shop]\nrole_arn = " + gatewayRole + "\ncredential_source = Environment\n",
			env:     keysOfEnvironment,
			sts:     1,
		},
		{
			name:   "the process of a profile",
			config: "[default]\ncredential_process = cat " + writeFile(t, "keys", processKeys) + "\n",
		},
		{
			name:   "a process with its name in quotes, and arguments",
			config: "[default]\ncredential_process = \"/bin/sh\" -c 'cat " + writeFile(t, "keys", processKeys) + "'\n",
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
		{name: "SSO", env: map[string]string{"HOME": ssoHome(t, "https://tea.example.com/start")}, config: ssoProfile},
		{name: "a session of SSO", env: map[string]string{"HOME": ssoHome(t, "tea")}, config: ssoSession},
		{
			name:   "aws login",
			env:    map[string]string{"AWS_LOGIN_CACHE_DIRECTORY": loginCache(t, "arn:aws:iam::123456789012:user/tea", expires)},
			config: "[default]\nlogin_session = arn:aws:iam::123456789012:user/tea\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			redirectHost(t, "portal.sso.us-west-2.amazonaws.com", sso)
			sts := newSTS(t)
			environment(t, tc.env, tc.config, "")
			if got := find(t, newSDK(nil), invoke.Settings{Profile: tc.profile}); got != fmt.Sprintf("AKIDROLE%d", tc.sts) {
				t.Errorf("got %s", got)
			}
			calls := sts.Received()
			if len(calls) != tc.sts {
				t.Errorf("got %d calls of STS, want %d", len(calls), tc.sts)
			}
			for i, c := range calls {
				if token := c.Get("WebIdentityToken"); (c.Get("Action") == "AssumeRoleWithWebIdentity") != (token == "web-identity") || token != "" && c.Signed() != "" {
					t.Errorf("got the call %v", c)
				}
				if i == 1 && (c.Signed() != "AKIDROLE1 eu-west-1" || c.Get("RoleArn") != gatewayRole) {
					t.Errorf("got the second call %v, signed by %s", c, c.Signed())
				}
			}
			if last := len(calls) - 1; tc.sts == 2 && len(tc.config) > 0 && calls[last].Get("RoleSessionName") == "edge" &&
				(calls[last].Get("ExternalId") != "tea" || calls[last].Get("DurationSeconds") != "7200") {
				t.Errorf("got %v", calls[last])
			}
		})
	}
}

const (
	ssoProfile = "[default]\nsso_start_url = https://tea.example.com/start\nsso_region = us-west-2\nsso_account_id = 123456789012\nsso_role_name = Gateway\n"
	ssoSession = "[default]\nsso_session = tea\nsso_account_id = 123456789012\nsso_role_name = Gateway\n" +
		"[sso-session tea]\nsso_start_url = https://tea.example.com/start\nsso_region = us-west-2\n"
)

// ssoHome makes a home directory like aws sso login. The file's name is the SHA-1 of the start URL or
// of the session's name.
func ssoHome(t *testing.T, name string) string {
	t.Helper()
	return ssoHomeWith(t, name, fmt.Sprintf(`{"accessToken":"sso-token","expiresAt":%q,"region":"us-west-2","startUrl":"https://tea.example.com/start"}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
}

func ssoHomeWith(t *testing.T, name, token string) string {
	t.Helper()
	home := t.TempDir()
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cache, fmt.Sprintf("%x.json", sha1.Sum([]byte(name)))), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// loginCache makes a cache directory like aws login.
func loginCache(t *testing.T, session, expires string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	token := fmt.Sprintf(`{"accessToken":{"accessKeyId":"AKIDROLE0","secretAccessKey":"s","sessionToken":"role-token","accountId":"123456789012","expiresAt":%q},`+
		`"tokenType":"aws_sigv4","refreshToken":"r","clientId":"c","dpopKey":%q}`,
		expires, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%x.json", sha256.Sum256([]byte(session)))), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
