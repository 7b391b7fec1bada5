// Prints VS Code's messages about documents. It reads {"schema": path, "documents": {name: text}}
// from standard input, and writes {name: [message, ...]}.
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import json from 'vscode-json-languageservice'

const { schema, documents } = JSON.parse(await text(process.stdin))
const service = json.getLanguageService({
  schemaRequestService: async (uri) => readFile(new URL(uri), 'utf8'), // only files, no network
  workspaceContext: { resolveRelativePath: (path, base) => new URL(path, base).href }
})
service.configure({ validate: true, schemas: [{ uri: pathToFileURL(schema).href, fileMatch: ['*'] }] })

const messages = {}
for (const [name, content] of Object.entries(documents)) {
  const document = json.TextDocument.create('file:///krakend.json', 'json', 1, content)
  const found = await service.doValidation(document, service.parseJSONDocument(document))
  messages[name] = found.map((d) => d.message)
}
process.stdout.write(JSON.stringify(messages))
