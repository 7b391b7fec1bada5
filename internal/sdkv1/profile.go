package sdkv1

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/aws/credentials"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// profileName returns the name of the profile that the SDK reads: the configured one, or the
// environment's, or the default one.
func profileName(configured string) string {
	return cmp.Or(configured, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
}

// checkProfile returns an error for a profile whose credentials the SDK would not use as the
// shared AWS files say. The SDK would not report it, and sign with the instance's role.
func checkProfile(configured string) error {
	name, names, files := profileName(configured), sharedFiles(), readFiles()
	if err := checkFiles(names); err != nil {
		return err
	}
	profiles := chain(files, name)
	for _, p := range profiles {
		if section := files[0].quoted(p.name); section != "" && files[0].profile(p.name) == nil {
			return fmt.Errorf("profile: the AWS SDK does not find %s under [%s] in %s: write [profile %s], without quotes",
				text.Quote(p.name), text.Clean(section), names[0], text.Clean(p.name))
		}
	}
	missing := files[0].profile(name) == nil && files[1].profile(name) == nil
	if missing && (configured != "" || name != "default" && !environmentHasCredentials()) {
		return fmt.Errorf("profile: %s is not in %s", text.Quote(name), strings.Join(names, " or "))
	}
	if configured == "" && environmentHasCredentials() {
		return nil
	}
	if err := checkLogin(profiles[len(profiles)-1]); err != nil {
		return err
	}
	return checkRoles(profiles)
}

// environmentHasCredentials tells whether the SDK uses the environment's credentials, and not a
// profile's.
func environmentHasCredentials() bool {
	return environmentHasKeys() || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != ""
}

func environmentHasKeys() bool {
	_, err := credentials.NewEnvCredentials().Get()
	return err == nil
}

// checkLogin returns an error for a profile of `aws login` without other credentials that the
// SDK can use.
func checkLogin(p profile) error {
	if p.get("login_session") == "" || p.hasSource() {
		return nil
	}
	return fmt.Errorf("profile %s: login_session: the AWS SDK for KrakenD 1.x cannot use the credentials of aws login: "+
		"use a profile with credential_process = aws configure export-credentials --profile %s, or build for KrakenD 2",
		text.Quote(p.name), text.Clean(p.name))
}

// checkRoles returns an error for a role that no chain of profiles can assume: one that needs a
// code from an MFA device, or one without credentials to assume it. For the latter the SDK would
// use the credentials of the container or the instance.
func checkRoles(profiles []profile) error {
	for _, p := range profiles {
		if p.get("role_arn") != "" && p.get("mfa_serial") != "" && !p.usesWebIdentity() {
			return fmt.Errorf("profile %s: mfa_serial: the gateway cannot enter the code of an MFA device: use a role without MFA",
				text.Quote(p.name))
		}
	}
	if last := profiles[len(profiles)-1]; last.get("role_arn") != "" && !last.hasSource() {
		return fmt.Errorf("profile %s: role_arn: there are no credentials to assume the role with: add source_profile or credential_source",
			text.Quote(last.name))
	}
	return nil
}

// checkEndpoint returns an error for a service endpoint in a profile, since the SDK would ignore
// it and call AWS. Newer AWS SDKs read it:
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func checkEndpoint(name, service, advice string) error {
	files := readFiles()
	p := newProfile(files, profileName(name))
	if endpointsIgnored(p) {
		return nil
	}
	services := p.get("services")
	switch {
	case files[0]["services "+services].get(service+".endpoint_url") != "":
		return fmt.Errorf("profile %s: the AWS SDK for KrakenD 1.x ignores the endpoint_url of %s in [services %s]: set %s",
			text.Quote(p.name), service, text.Clean(services), advice)
	case p.get("endpoint_url") != "":
		return fmt.Errorf("profile %s: the AWS SDK for KrakenD 1.x ignores endpoint_url: set %s", text.Quote(p.name), advice)
	}
	return nil
}

// endpointsIgnored tells whether configured endpoints are turned off, by the environment or by
// the profile.
func endpointsIgnored(p profile) bool {
	ignored, _ := strconv.ParseBool(cmp.Or(os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), p.get("ignore_configured_endpoint_urls")))
	return ignored
}

// usesSTS tells whether the SDK calls STS for the credentials of a profile.
func usesSTS(name string) bool {
	if name == "" && environmentHasCredentials() {
		return !environmentHasKeys() // except a web identity
	}
	return slices.ContainsFunc(chain(readFiles(), profileName(name)), func(p profile) bool { return p.get("role_arn") != "" })
}
