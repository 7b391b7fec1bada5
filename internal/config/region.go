package config

import "strings"

// IsRegion tells whether s has the form that the AWS SDKs require of a region, which becomes a
// label of a host name: 1 to 63 of A-Z a-z 0-9 -, with no - at either end.
func IsRegion(s string) bool {
	for i, c := range []byte(s) {
		if !isAlphanumeric(c) && (c != '-' || i == 0 || i == len(s)-1) {
			return false
		}
	}
	return 1 <= len(s) && len(s) <= 63
}

// LooksLikeRegion tells whether s has the form of AWS's regions: two words or more and a number,
// as in us-west-2. No list of them would stay complete.
func LooksLikeRegion(s string) bool {
	words, number := 0, false
	for part := range strings.SplitSeq(s, "-") {
		switch {
		case number || part == "":
			return false
		case strings.Trim(part, "0123456789") == "":
			number = true
		case strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") == "":
			words++
		default:
			return false
		}
	}
	return number && words >= 2
}
