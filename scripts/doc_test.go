// Package scripts has the scripts that make a release, and their tests. These run in repositories
// of their own, which have what the working copy has, and publish to nobody.
//
// Read repository_test.go first: the repositories. Then:
//
//   - release_test.go, publish_test.go, dist_test.go, changelog_test.go: one script each
//   - modules_test.go: what is tagged works for users
//   - packages_test.go: what CONTRIBUTING.md asks of every package
//   - exported_test.go: README.md lists what the packages export
package scripts
