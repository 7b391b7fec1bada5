package sdktest

import (
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// RolesOfProfiles configures roles that cannot be assumed, and expects an error at start. The
// SDKs would fail only at the first lookup, or use the instance's role.
func RolesOfProfiles(t *testing.T, sdk New) {
	keysOfEnvironment := map[string]string{"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"}
	const (
		shop, base = "[profile shop]\n", "[profile base]\n"
		role       = "role_arn = r\n"
		mfa        = "mfa_serial = arn:aws:iam::123456789012:mfa/ada\n"
		keys       = "aws_access_key_id = a\naws_secret_access_key = s\n"
		source     = "source_profile = base\n"
		webToken   = "web_identity_token_file = x\n"

		needsMFA = ": mfa_serial: the gateway cannot enter the code of an MFA device: use a role without MFA"
		noSource = ": role_arn: there are no credentials to assume the role with: add source_profile or credential_source"
	)
	for _, tc := range []struct {
		name, profile, config string
		env                   map[string]string
		want                  string // empty if no error is expected
	}{
		{"MFA", "shop", shop + role + mfa + source + base + keys, nil, `profile 'shop'` + needsMFA},
		{"MFA of a source profile", "shop", shop + role + source + base + role + mfa + "credential_source = Environment\n", nil, `profile 'base'` + needsMFA},
		{"MFA with keys", "shop", shop + role + mfa + keys, nil, `profile 'shop'` + needsMFA},
		{"MFA of AWS_PROFILE", "", shop + role + mfa + keys, map[string]string{"AWS_PROFILE": "shop"}, `profile 'shop'` + needsMFA},
		{"MFA of the default profile", "", "[default]\n" + role + mfa + keys, nil, `profile 'default'` + needsMFA},
		{"MFA with keys of the environment", "", "[default]\n" + role + mfa + keys, keysOfEnvironment, ""},
		{"MFA with a web identity of the environment", "", "[default]\n" + role + mfa + keys, map[string]string{"AWS_ROLE_ARN": "r", "AWS_WEB_IDENTITY_TOKEN_FILE": "x"}, ""},
		{"MFA with keys of the environment and a profile", "shop", shop + role + mfa + keys, keysOfEnvironment, `profile 'shop'` + needsMFA},
		{"MFA without a role", "shop", shop + mfa + keys, nil, ""},
		{"MFA with a web identity of the profile", "shop", shop + role + mfa + webToken, nil, ""},
		{"MFA of another profile", "shop", shop + keys + base + role + mfa + keys, nil, ""},
		{"no source", "shop", shop + role, nil, `profile 'shop'` + noSource},
		{"no source, of AWS_PROFILE", "", shop + role, map[string]string{"AWS_PROFILE": "shop"}, `profile 'shop'` + noSource},
		{"no source, of the default profile", "", "[default]\n" + role, nil, `profile 'default'` + noSource},
		{"no source, and half of the keys", "shop", shop + role + "aws_session_token = x\n", nil, `profile 'shop'` + noSource},
		{"no source, with keys of the environment", "", "[default]\n" + role, keysOfEnvironment, ""},
		{"keys", "shop", shop + role + keys, nil, ""},
		{"source profile", "shop", shop + role + source + base + keys, nil, ""},
		{"a profile that is its own source", "shop", shop + role + "source_profile = shop\n" + keys, nil, ""},
		{"credential source", "shop", shop + role + "credential_source = Environment\n", nil, ""},
		{"web identity", "shop", shop + role + webToken, nil, ""},
		{"process", "shop", shop + role + "credential_process = true\n", nil, ""},
		{"SSO", "shop", shop + role + "sso_account_id = 1\nsso_region = r\nsso_start_url = u\nsso_role_name = n\n", nil, ""},
		{"no role", "shop", shop, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			Environment(t, tc.env, tc.config, "")
			got := ""
			if _, err := sdk(t, nil, true)(invoke.Settings{Profile: tc.profile, Region: "eu-west-1"}); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
