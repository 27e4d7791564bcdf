type Json = Record<string, unknown>;

const orNull = (schema: Json, title: string) => ({ anyOf: [schema, { type: 'null' }], title });
const json = (schema: Json) => ({ 'application/json': { schema } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function operation(summary: string, parameter: Json, success: Json) {
  return {
    get: {
      summary,
      parameters: [
        { ...parameter, in: 'path', required: true },
        {
          name: 'X-API-Key',
          in: 'header',
          required: true,
          schema: { type: 'string', title: 'X-Api-Key' },
        },
      ],
      responses: {
        '200': { description: 'Successful Response', content: json(success) },
        '422': { description: 'Validation Error', content: json(ref('HTTPValidationError')) },
      },
    },
  };
}

/** As Bluejay publishes it: each call asks for a security scheme that the document declares nowhere. */
export function bluejayDocument() {
  const document = publishedDocument();
  for (const item of Object.values(document.paths)) {
    for (const call of Object.values<Json>(item)) call['security'] = [{ HTTPBearer: [] }];
  }
  document.components['securitySchemes'] = {
    apiKeyAuth: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  };
  return { ...document, security: [{ apiKeyAuth: [] }] };
}

/** An API of the contract's, as FastAPI with Pydantic 2 describes it; a new copy each time, to be changed. */
export function publishedDocument() {
  return {
    openapi: '3.1.0',
    info: { title: 'An API', version: '0.1.0' },
    paths: {
      '/v1/customer-persona/{persona_id}': operation(
        'Get Customer Persona',
        { name: 'persona_id', schema: { type: 'string', format: 'uuid', title: 'Persona Id' } },
        ref('CustomerPersona'),
      ),
      '/v1/customer-personas-by-agent/{agent_id}': operation(
        'Get Customer Personas By Agent',
        { name: 'agent_id', schema: { type: 'integer', title: 'Agent Id' } },
        { type: 'array', items: ref('CustomerPersona'), title: 'Response' },
      ),
      '/v1/something-else': { post: { responses: { '200': { description: 'Of no interest' } } } },
    } as Record<string, any>,
    components: {
      schemas: {
        CustomerPersona: {
          type: 'object',
          title: 'CustomerPersona',
          properties: {
            id: orNull({ type: 'string', format: 'uuid' }, 'Id'),
            created_at: orNull({ type: 'string', format: 'date-time' }, 'Created At'),
            name: orNull({ type: 'string' }, 'Name'),
            description: orNull({ type: 'string' }, 'Description'),
            goal: orNull({ type: 'string' }, 'Goal'),
            org_id: orNull({ type: 'string', format: 'uuid' }, 'Org Id'),
          },
        },
        HTTPValidationError: {
          type: 'object',
          title: 'HTTPValidationError',
          properties: { detail: { type: 'array', items: ref('ValidationError'), title: 'Detail' } },
        },
        ValidationError: {
          type: 'object',
          title: 'ValidationError',
          properties: {
            loc: {
              type: 'array',
              items: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
              title: 'Location',
            },
            msg: { type: 'string', title: 'Message' },
            type: { type: 'string', title: 'Error Type' },
          },
          required: ['loc', 'msg', 'type'],
        },
      },
    } as Record<string, any>,
  };
}
