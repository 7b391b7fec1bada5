package docstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// The credentials for calls with an assumed role.
const (
	roleKeyID  = "AKIDROLE"
	roleSecret = "not-a-secret-of-the-role"
)

// newSTS starts an AWS STS stand-in, which gives a role's credentials to every caller. The
// policies tell whether AWS would.
func newSTS() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("Action") != "AssumeRole" {
			http.Error(w, "only AssumeRole", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>"+
			"<SessionToken>token-of-the-role</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
			roleKeyID, roleSecret, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
}
