package sdkv1

import (
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/service/lambda"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
	"github.com/devopsfaith/krakend-lambda/lambdatest"
)

// errors.As finds the error types of the SDK's client, with and without an Invoker.
func TestErrorTypes(t *testing.T) {
	s := api(t)
	custom := testSession(t, s.URL)
	custom.Config.MaxRetries = aws.Int(0)
	svc := lambda.New(custom)
	clients := map[string]*invoke.Client{
		"session": clientOf(t, New(custom, &recorder{}, false), invoke.Settings{}),
		"invoker": invoke.NewWith(NewAttempter(svc), invoke.Target{}),
	}
	for _, tc := range []struct {
		status int
		code   string
	}{
		{http.StatusNotFound, lambda.ErrCodeResourceNotFoundException},
		{http.StatusTooManyRequests, lambda.ErrCodeTooManyRequestsException},
		{http.StatusBadRequest, lambda.ErrCodeInvalidParameterValueException},
		{http.StatusBadRequest, lambda.ErrCodeInvalidRequestContentException},
		{http.StatusRequestEntityTooLarge, lambda.ErrCodeRequestTooLargeException},
		{http.StatusInternalServerError, lambda.ErrCodeServiceException},
		{http.StatusBadGateway, lambda.ErrCodeEC2ThrottledException},
		{http.StatusBadGateway, lambda.ErrCodeKMSAccessDeniedException},
		{http.StatusConflict, lambda.ErrCodeSnapStartNotReadyException},
		{http.StatusGone, lambda.ErrCodeEFSIOException},
		// These have no error type.
		{http.StatusForbidden, "AccessDeniedException"},
		{http.StatusForbidden, "UnrecognizedClientException"},
		{http.StatusPaymentRequired, "ServiceQuotaExceededException"},
		{http.StatusConflict, "DurableExecutionAlreadyStartedException"},
	} {
		s.Fail("f", lambdatest.APIError(tc.status, tc.code, "spilt"))
		_, want := svc.Invoke(&lambda.InvokeInput{FunctionName: aws.String("f")})
		for name, client := range clients {
			s.Fail("f", lambdatest.APIError(tc.status, tc.code, "spilt"))
			err := call(t.Context(), client)
			var e *invoke.Error
			if !errors.As(err, &e) || e.Kind != invoke.KindAPI || e.Status != tc.status || e.Code != tc.code || e.Redacted != (tc.code == "InvalidRequestContentException") || !e.Redacted && e.Message != "spilt" || e.Header == nil || e.RequestID == "" {
				t.Errorf("%s, %s: got %#v", tc.code, name, err)
				continue
			}
			if reflect.TypeOf(e.Err) != reflect.TypeOf(want) {
				t.Errorf("%s, %s: got %T, want the SDK's %T", tc.code, name, e.Err, want)
			}
			var failure awserr.RequestFailure
			if !errors.As(err, &failure) || failure.Code() != tc.code || failure.StatusCode() != tc.status || failure.Message() != "spilt" || failure.RequestID() != e.RequestID {
				t.Errorf("%s, %s: got %#v", tc.code, name, failure)
			}
		}
	}
	s.Fail("f", lambdatest.Throttle(7))
	var throttled *lambda.TooManyRequestsException
	err := call(t.Context(), clients["session"])
	if !errors.As(err, &throttled) || aws.StringValue(throttled.RetryAfterSeconds) != "7" || aws.StringValue(throttled.Reason) == "" {
		t.Errorf("got %#v", err)
	}
}

// Proxies may send any answer.
func TestErrorTypesOfOddAnswers(t *testing.T) {
	decode := decoder(untouched(lambda.New(testSession(t, "http://127.0.0.1:1"))))
	for _, body := range []string{"", "<html>", "null", "[]", `"x"`, "{", `{"message":{}}`, `{"__type":7}`, `{"code":[]}`, "\xff\x00"} {
		for _, h := range []http.Header{nil, {}, {"X-Amzn-Errortype": {"ServiceException:http://x"}}, {"X-Amzn-Errortype": {""}}} {
			err := decode(http.StatusBadGateway, h, []byte(body))
			var aerr awserr.Error
			if !errors.As(err, &aerr) {
				t.Errorf("%q, %v: got %#v", body, h, err)
			}
		}
	}
	if err := decode(500, http.Header{"X-Amzn-Errortype": {"ServiceException:http://x"}}, []byte("{}")); reflect.TypeOf(err) != reflect.TypeFor[*lambda.ServiceException]() {
		t.Errorf("got %#v", err)
	}
}
