// Package scripts has the scripts that make a release, the one that changes a checkout of KrakenD-CE,
// and their tests. Tests of a release run in repositories of their own, which have what the working
// copy has, and publish nothing.
//
// Read repository_test.go first: the repositories. Then:
//
//   - release_test.go, publish_test.go, dist_test.go, changelog_test.go: one script each
//   - krakendce_test.go, krakendce_checkout_test.go: scripts/krakend-ce, on stand-ins for checkouts of
//     KrakenD-CE, which are in testdata
//   - modules_test.go: what is tagged works for users
//   - packages_test.go: what CONTRIBUTING.md asks of every package
//   - exported_test.go: README.md lists what the packages export
package scripts
