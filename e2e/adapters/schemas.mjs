import { AlbMultiValueHeadersSchema, AlbSchema } from '@aws-lambda-powertools/parser/schemas/alb'
import { APIGatewayProxyEventSchema } from '@aws-lambda-powertools/parser/schemas/api-gateway'
import { APIGatewayProxyEventV2Schema } from '@aws-lambda-powertools/parser/schemas/api-gatewayv2'
import { isDeepStrictEqual } from 'node:util'

const schemas = {
  '1.0': APIGatewayProxyEventSchema,
  '2.0': APIGatewayProxyEventV2Schema,
  alb: AlbSchema,
  'alb-multi': AlbMultiValueHeadersSchema,
}

// problems returns the problems that Powertools' schema of a format finds in an event, and the members
// that the schema does not know.
export function problems(format, event) {
  const { success, data, error } = schemas[format].safeParse(event)
  if (!success) return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  return isDeepStrictEqual(data, event) ? [] : unknown(event, data, '')
}

const unknown = (event, data, path) =>
  Object.entries(event).flatMap(([name, value]) => {
    if (data[name] === undefined) return [`${path}${name}: not in the schema`]
    return value !== null && typeof value === 'object' ? unknown(value, data[name], `${path}${name}.`) : []
  })
