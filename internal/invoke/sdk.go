package invoke

// SDK provides what the AWS SDK of a generation finds: credentials, regions, endpoints and
// numbers of retries.
type SDK interface {
	// Client returns the client for the calls of backends with these settings. Backends with
	// equal settings share a client. An error means a bad configuration.
	Client(s Settings) (*Client, Found, error)
}

// Settings are the parts of a backend's configuration that decide where calls go, and with which
// identity.
type Settings struct {
	// Profile is a profile of the shared AWS files. Empty leaves it to the SDK.
	Profile string
	// Role is the role to assume, if its ARN is not empty.
	Role Role
	// Region and Endpoint are empty if the SDK has to find them.
	Region, Endpoint string
}

// Role is an IAM role to assume.
type Role struct {
	ARN string
	// ExternalID is empty if the role's trust policy needs none.
	ExternalID string
	// SessionName is the caller's name in CloudTrail.
	SessionName string
}

// Found is what an SDK has found.
type Found struct {
	Region, Endpoint string
	// CABundle tells that the client's transport uses the certificates of AWS_CA_BUNDLE, or of
	// the shared config's ca_bundle.
	CABundle bool
	// Warnings are for the operator. They stop nothing.
	Warnings []string
}
