# Merges lambda.json into KrakenD's own schema, which knows five of its keys and one of its two
# namespaces. An older lambda.json in it is replaced. It works on KrakenD's schema as one
# bundle, of any version:
#
#   curl -s https://www.krakend.io/schema/v2.13/krakend.json |
#     jq --slurpfile lambda schema/lambda.json -f schema/merge.jq > krakend-schema.json
#
# In the bundle, the key of each of KrakenD's schemas is its URL: in $defs, or before KrakenD
# 2.13 in definitions.

def namespace: "github.com/devopsfaith/krakend-lambda";

def expect(condition; $what):
  if condition then . else error("merge.jq: " + $what) end;

# The key of the only part whose URL ends with this name.
def part($name):
  [keys[] | select(endswith("/" + $name))]
  | expect(length == 1; "KrakenD's bundle must have one part /\($name), has \(length)")
  | .[0];

expect($lambda | length == 1 and (.[0] | type == "object" and (.["$id"] // "" | endswith("/schema/lambda.json")));
  "--slurpfile lambda must be lambda.json")
| expect(type == "object"; "KrakenD's bundle must be an object")
| ([keys[] | select(. == "$defs" or . == "definitions")]
  | expect(length == 1; "KrakenD's bundle must have its parts in $defs or in definitions")
  | .[0]) as $parts
| (.[$parts] | part("backend/lambda.json")) as $settings
| (.[$parts] | part("backend_extra_config.json")) as $extra
| .[$parts][$extra].properties["backend/lambda"] as $reference
| expect($reference | type == "object" and (.["$ref"] | type == "string" and endswith("~1backend~1lambda.json"));
  "in /backend_extra_config.json, backend/lambda must be a $ref to /backend/lambda.json")

| .[$parts][$settings] = ($lambda[0] | del(.["$schema"], .["$id"]))
| .[$parts][$extra].properties[namespace] = $reference
| [{ errorMessage: "Must have only one of backend/lambda and \(namespace).", not: { required: ["backend/lambda", namespace] } }] as $one
| .[$parts][$extra].allOf = (.[$parts][$extra].allOf // []) - $one + $one
