import type { GraphQLFormattedError } from 'graphql';
import { clinic, exampleId, startGateway } from './gateway.ts';
import type { TestGateway, TestGatewayOptions } from './gateway.ts';

/** A gateway whose callers may write, and whose personas are kept for a minute. */
export const startWriter = (options: TestGatewayOptions = {}) =>
  startGateway({
    writes: true,
    auth: { mode: 'forward' },
    ...options,
    cache: { ttlMs: 60_000, notFoundTtlMs: 60_000, staleMs: 60_000, ...options.cache },
  });

interface Answer {
  // oxlint-disable-next-line typescript/no-explicit-any -- each document has data of its own
  readonly data?: any;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** Sends a document that the generated types do not know. */
export async function run(
  gateway: Pick<TestGateway, 'post'>,
  query: string,
  variables: object = {},
  apiKey = clinic.apiKey,
): Promise<Answer> {
  const response = await gateway.post({ query, variables }, { 'x-api-key': apiKey });
  return (await response.json()) as Answer;
}

const fields = '{ customerPersona { id name description goal } }';
const createDocument = `mutation ($input: CreateCustomerPersonaInput!) { createCustomerPersona(input: $input) ${fields} }`;
const updateDocument = `mutation ($input: UpdateCustomerPersonaInput!) { updateCustomerPersona(input: $input) ${fields} }`;
const deleteDocument =
  'mutation ($input: DeleteCustomerPersonaInput!) { deleteCustomerPersona(input: $input) { deletedId customerPersona { name } } }';

export const create = (gateway: Pick<TestGateway, 'post'>, input: object, apiKey?: string) =>
  run(gateway, createDocument, { input }, apiKey);
export const update = (gateway: Pick<TestGateway, 'post'>, input: object, apiKey?: string) =>
  run(gateway, updateDocument, { input: { id: exampleId, ...input } }, apiKey);
export const remove = (gateway: Pick<TestGateway, 'post'>, id = exampleId, apiKey?: string) =>
  run(gateway, deleteDocument, { input: { id } }, apiKey);

/** A persona's name as a reader sees it now; null where there is none. */
export async function readName(
  gateway: Pick<TestGateway, 'post'>,
  id = exampleId,
  apiKey?: string,
): Promise<string | null | undefined> {
  const { data, errors } = await run(gateway, `{ persona(id: "${id}") { name } }`, {}, apiKey);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.persona === null ? null : data.persona.name;
}

/** The writes that have reached Bluejay: `PUT /v1/… {"name":…}`. */
export const writesTo = ({ sandbox }: Pick<TestGateway, 'sandbox'>): string[] =>
  sandbox.requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path, body }) => `${method} ${path} ${body}`.trim());

export const newPersona = { name: 'Ann', description: 'Calls early', goal: 'An appointment' };
