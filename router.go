package lambda

// forwardsHost tells whether the routers put the name that the client called into
// X-Forwarded-Host. KrakenD 1.0 to 1.3 do not: they leave the header as the client sent it.
const forwardsHost = false
