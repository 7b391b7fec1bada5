package docstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

// What calls are signed with where a role is assumed.
const (
	roleKeyID  = "AKIDROLE"
	roleSecret = "not-a-secret-of-the-role"
)

// newSTS starts a stand-in for AWS STS, which gives the credentials of a role to whoever
// asks. Whether AWS would, the policies tell.
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
