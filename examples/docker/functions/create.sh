#!/bin/sh
# LocalStack runs this once it is ready. It creates the functions in this directory.
set -eu
cd "$(dirname "$0")"

dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
# LocalStack's image always has Python.
python3 -m zipfile -c "$dir/hello.zip" hello.mjs
awslocal lambda create-function --function-name hello --runtime nodejs22.x \
	--handler hello.handler --zip-file "fileb://$dir/hello.zip" \
	--role arn:aws:iam::000000000000:role/lambda
