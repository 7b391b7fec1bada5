#!/usr/bin/env bash
# A JSON Schema says "type": "integer". VS Code's JSON language service checks 2.0, 2e0, 0.5 and
# 5e-1.
# Expected: 2.0 and 2e0 are integers, 0.5 and 5e-1 are not, as in JSON Schema since draft-06 and
# in ajv.
# What happens: a number counts as an integer if its text has no point. 2.0 gets 'Incorrect type.
# Expected "integer".', and 5e-1, which is 0.5, is accepted.
# Why it matters: the editor and the check in CI disagree about the same file.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

if ! npm install --no-audit --no-fund --ignore-scripts vscode-json-languageservice@5.7.2 ajv@8.20.0 >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
cat >main.cjs <<'JS'
const Ajv = require('ajv')
const { getLanguageService, TextDocument } = require('vscode-json-languageservice')

for (const name of ['vscode-json-languageservice', 'ajv']) {
  console.log(name, require(`./node_modules/${name}/package.json`).version)
}

const schema = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'integer' }
const validate = new Ajv().compile(schema)
const service = getLanguageService({})
service.configure({ validate: true, schemas: [{ uri: 'memory://schema', fileMatch: ['*'], schema }] })

async function main() {
  const differ = []
  for (const text of ['2', '2.0', '2e0', '0.5', '5e-1']) {
    const document = TextDocument.create('file:///retries.json', 'json', 1, text)
    const problems = await service.doValidation(document, service.parseJSONDocument(document))
    const editor = problems.length === 0
    const ajv = validate(JSON.parse(text))
    console.log(`${text}: VS Code ${editor ? 'accepts' : 'rejects'} it, ajv ${ajv ? 'accepts' : 'rejects'} it`)
    if (editor !== ajv) differ.push(text)
  }
  process.exit(differ.join(' ') === '2.0 5e-1' ? 0 : 1)
}
main()
JS
node main.cjs
