package invoke

// SDK is what the AWS SDK of a generation tells of the world: credentials, regions, endpoints
// and numbers of retries.
type SDK interface {
	// Client returns the client that makes the calls of backends with these settings. Those
	// that share settings share the client. Its error is that of a bad configuration.
	Client(s Settings) (*Client, Found, error)
}

// Settings are what a backend's configuration says of where its calls go, and as whom.
type Settings struct {
	// Profile is one of the shared AWS files. Empty leaves it to the SDK.
	Profile string
	// Role is assumed where its ARN is not empty.
	Role Role
	// Region and Endpoint are empty where the SDK is to find them.
	Region, Endpoint string
}

// Role is an IAM role to assume.
type Role struct {
	ARN string
	// ExternalID is empty where the role's trust policy asks for none.
	ExternalID string
	// SessionName is the caller's name in CloudTrail.
	SessionName string
}

// Found is what an SDK has found out.
type Found struct {
	Region, Endpoint string
	// CABundle tells that the client's transport has the certificates of AWS_CA_BUNDLE, or of the
	// shared config's ca_bundle.
	CABundle bool
	// Warnings are for the operator, and stop nothing.
	Warnings []string
}
