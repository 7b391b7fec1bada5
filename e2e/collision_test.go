package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A vouched is what the gateway vouches for, as a function in Go reads it: encoding/json
// matches names without regard to case, and takes the last.
type vouched struct {
	UserID string `json:"userId"`
	Sub    string `json:"JWT.sub"`
	Reply  string `json:"resp0_id"`
	Page   string `json:"page"`
}

// of7 is what the gateway vouches for on /users/7.
func of7(page string) vouched { return vouched{UserID: "7", Page: page} }

// A client cannot set what the gateway vouches for by a query string or a header.
func TestCollisions(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{
			"simple":  func(v vouched) (vouched, error) { return v, nil },
			"context": replies(`{}`),
		})
		first := newHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"id":"1"}`)
		})
		gw := start(t, g, []object{
			with(endpoint("/users/{userId}", lambdaBackend(fixed(api, "simple"), at("/users"))), all),
			with(endpoint("/listed/{userId}", lambdaBackend(fixed(api, "simple"), at("/listed"))), object{"querystring_params": list{"userid", "JWT.sub", "page"}}),
			with(endpoint("/replies/{userId}", httpBackend(first, "/"), lambdaBackend(fixed(api, "simple"), at("/replies/{resp0_id}"))), all, sequential),
			with(endpoint("/context/{userId}", lambdaBackend(with(fixed(api, "context"), object{"client_context": true}), at("/context"))), all, object{"method": "POST"}),
		}, options{})

		of7AndReply := of7("2")
		of7AndReply.Reply = "1"
		for _, tc := range []struct {
			target string
			want   vouched
			leaves string // the name that is left out first, for the backend
		}{
			{"/users/7?page=2&id=9&user_id=9&respond=9&JWT=9", of7("2"), ""},
			{"/users/7?userid=9&page=2", of7("2"), `'userid'`},
			{"/users/7?UserId=9", of7(""), `'userid'`},
			{"/users/7?u%C5%BFerId=9", of7(""), `'userid'`},
			{"/users/7?userId=9&userId=8", of7(""), `'userid'`},
			{"/users/7?JWT.sub=admin&resp0_id=9", of7(""), `'userid'`},
			{"/users/7?jwt.sub=admin", of7(""), `'userid'`},
			{"/users/7?%4aWT.%C5%BFub=admin", of7(""), `'userid'`},
			{"/users/7?re%C5%BFp0_id=9&RESP0=9", of7(""), `'userid'`},
			{"/listed/7?JWT.sub=admin&page=2", of7("2"), `'JWT.sub'`},
			{"/listed/7?userid=9", of7(""), `'JWT.sub'`},
			{"/replies/7?page=2", of7AndReply, ""},
			{"/replies/7?RESP0_id=9&page=2", of7AndReply, `'RESP0_id'`},
			{"/replies/7?resp0_id=9&page=2", of7AndReply, `'RESP0_id'`},
		} {
			got := gw.get(t, tc.target)
			var read vouched
			if err := json.Unmarshal([]byte(got.body), &read); err != nil || got.status != http.StatusOK || read != tc.want {
				t.Errorf("%s: got %d, and the function reads %+v (%v), want %+v", tc.target, got.status, read, err, tc.want)
			}
			gw.checkLeftOut(t, tc.target, "query string", tc.leaves)
		}

		for _, tc := range []struct {
			query  string
			header http.Header
			leaves string // kind and name of what is left out first
		}{
			{"?page=2", http.Header{"X-User": {"9"}}, ""},
			{"?page=2", http.Header{"Userid": {"9"}}, `header 'Userid'`},
			{"?page=2", http.Header{"Jwt.sub": {"admin"}, "Resp0_id": {"9"}}, `header 'Userid'`},
			{"?userid=9&page=2", nil, `header 'Userid'`},
			{"?u%C5%BFerId=9&jwt.sub=admin&resp0_id=9&page=2", nil, `header 'Userid'`},
		} {
			api.Reset()
			name := fmt.Sprint("/context/7", tc.query, " ", tc.header)
			if got := gw.do(t, http.MethodPost, "/context/7"+tc.query, tc.header, strings.NewReader("{}")); got.status != http.StatusOK {
				t.Errorf("%s: got %d %q", name, got.status, got.body)
			}
			var got struct {
				Custom vouched `json:"custom"`
			}
			if err := json.Unmarshal(onlyCall(t, api, "context").ClientContext, &got); err != nil {
				t.Fatal(err)
			}
			if got.Custom != of7("2") {
				t.Errorf("%s: the function reads %+v, want %+v", name, got.Custom, of7("2"))
			}
			kind, left, _ := strings.Cut(tc.leaves, " ")
			gw.checkLeftOut(t, "/context", kind, left)
		}
	})
}

// checkLeftOut checks that a backend has warned once of what it leaves out, or never where
// name is empty.
func (p process) checkLeftOut(t *testing.T, target, kind, name string) {
	t.Helper()
	_, path, _ := strings.Cut(target, "/")
	path, _, _ = strings.Cut(path, "/")
	urlPattern := map[string]string{"replies": "/replies/{{.Resp0_id}}"}[path]
	if urlPattern == "" {
		urlPattern = "/" + path
	}
	lines := p.Lines(t, "WARNING", urlPattern)
	want := fmt.Sprintf("the function does not get the %s %s: ", kind, name)
	if (name == "") != (len(lines) == 0) || len(lines) > 1 || len(lines) == 1 && !strings.HasPrefix(lines[0], want) {
		t.Errorf("%s: got the warnings %q, want one that begins with %q", target, lines, want)
	}
}
