package main

// Functions returns the sample functions by name. Each is a handler for
// lambda.Start of github.com/aws/aws-lambda-go. Each deployed function would
// need a main function.
func Functions() map[string]any {
	return map[string]any{
		"hello": hello,
		"echo":  echo,

		// KrakenD capitalizes the value of a placeholder that names a function:
		// GET /call-a-lambda/my-lambda invokes this one.
		"My-lambda": echo,

		"order":    getOrder,
		"customer": getCustomer,

		"countdown": countdown,

		"fail":  fail,
		"panic": crash,
		"slow":  slow,
	}
}
