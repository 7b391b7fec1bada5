// Package scripts has the scripts for releases, the script that changes a checkout of KrakenD-CE, and
// their tests. The tests of releases run in temporary repositories with the files of the working copy,
// and publish nothing.
//
// Read repository_test.go first: the repositories. Then:
//
//   - release_test.go, publish_test.go, dist_test.go, changelog_test.go, vulncheck_test.go: one script each
//   - krakendce_test.go, krakendce_checkout_test.go: scripts/krakend-ce, with stand-ins for checkouts of
//     KrakenD-CE, which are in testdata
//   - modules_test.go: tagged modules work for users
//   - packages_test.go: the rules of CONTRIBUTING.md for every package
//   - exported_test.go: docs/build.md lists the exported names
//   - workflows_test.go: CI's caches, and its versions of Node.js
package scripts
