package lambda

// forwardsHost tells whether the routers put the name that the client called into
// X-Forwarded-Host. KrakenD 1.0 to 1.3 leave X-Forwarded-Host as the client has sent it.
const forwardsHost = false
