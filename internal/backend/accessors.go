package backend

// Code returns the error code of AWS, or of this module, such as DeadlineExceeded. It is empty
// for a function's error.
func (e *Error) Code() string {
	if e.functionError != "" {
		return ""
	}
	return e.kind
}

// FunctionError returns the errorType of a function's error, or "Unhandled" if the function
// reports none. It is empty for other errors.
func (e *Error) FunctionError() string { return e.functionError }

// RequestID returns AWS's request id. It is empty if there was no API response.
func (e *Error) RequestID() string { return e.requestID }
