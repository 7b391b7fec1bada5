package lambda

// forwardsHost tells whether the routers put the name that the client called into
// X-Forwarded-Host. KrakenD 1.4 sets X-Forwarded-Host.
const forwardsHost = true
