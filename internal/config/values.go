package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

func isComment(key string) bool { return key != "" && strings.ContainsRune("@$_#", rune(key[0])) }

// asString decodes a string. It is empty only with an error.
func asString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("must be a string, is %s", describe(v))
	}
	if s == "" {
		return "", errors.New("must not be empty")
	}
	return s, nil
}

// asTemplate decodes a template that is not empty.
func asTemplate(v any) (*Template, error) {
	s, err := asString(v)
	if err != nil {
		return nil, err
	}
	return ParseTemplate(s)
}

// asMatch decodes a string that matches a grammar. what describes the grammar.
func asMatch(v any, grammar *regexp.Regexp, what string) (string, error) {
	s, ok := v.(string)
	if !ok || !grammar.MatchString(s) {
		return "", fmt.Errorf("must be %s, is %s", what, describe(v))
	}
	return s, nil
}

func asBool(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("must be true or false, is %s", describe(v))
	}
	return b, nil
}

// asInt decodes the types that parsers use for numbers in JSON, YAML and TOML.
func asInt(v any) (int, error) {
	var f float64
	switch n := v.(type) {
	case int:
		return inRange(int64(n))
	case int64:
		return inRange(n)
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return inRange(i)
		}
		var err error
		if f, err = n.Float64(); err != nil {
			return 0, notInt(v)
		}
	case float64:
		f = n
	default:
		return 0, notInt(v)
	}
	if f != math.Trunc(f) { // true of NaN, too
		return 0, notInt(v)
	}
	return inRange(int64(max(math.MinInt32-1, min(f, math.MaxInt32+1))))
}

func notInt(v any) error { return fmt.Errorf("must be an integer, is %s", describe(v)) }

func inRange(n int64) (int, error) {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, errors.New("is out of range")
	}
	return int(n), nil
}

// describe describes a value of the configuration in a few words.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "the string " + text.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case float64, float32, int, int64, json.Number:
		return fmt.Sprintf("the number %v", v)
	default:
		return fmt.Sprintf("a %T", v)
	}
}

// unknownKey warns of a key that is not in known, and suggests the one that it resembles.
func unknownKey(key string, known []string) string {
	spelled := strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	best, distance := "", len(spelled)
	for _, k := range known {
		if d := editDistance(spelled, k); d < distance && d <= len(k)/3 {
			best, distance = k, d
		}
	}
	if best == "" {
		return fmt.Sprintf("unknown key %s is ignored", text.Quote(key))
	}
	return fmt.Sprintf("unknown key %s is ignored; did you mean '%s'?", text.Quote(key), best)
}

// editDistance returns the Levenshtein distance: the number of insertions, deletions and
// substitutions of one byte that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func oneOf(key, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	quoted := make([]string, len(choices))
	for i, c := range choices {
		quoted[i] = "'" + c + "'"
	}
	last := len(choices) - 1
	return fmt.Errorf("%s: must be %s or %s, is %s", key, strings.Join(quoted[:last], ", "), quoted[last], text.Quote(value))
}
