import type { TypedDocumentString } from './gql/graphql.ts';

/** An error of the gateway: branch on `extensions.code` (docs/errors.md lists the codes). */
export interface GatewayError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly requestId: string;
    readonly [name: string]: unknown;
  };
}

export interface GatewayResult<Data> {
  /** Null or absent when the operation could not run at all. */
  readonly data?: Data | null;
  readonly errors?: readonly GatewayError[];
}

export interface QueryOptions {
  /** The gateway's endpoint, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Sends the document's id instead of its text, to a gateway that trusts it. @default false */
  readonly byId?: boolean;
}

/** Sends a typed operation. Data may come with errors: one field can fail while others are there. */
export async function query<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { url, headers = {}, signal, byId = false }: QueryOptions,
): Promise<GatewayResult<Data>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: JSON.stringify({
      ...(byId ? { documentId: document.__meta__?.['hash'] } : { query: document.toString() }),
      variables,
    }),
    signal: signal ?? null,
  });
  return (await response.json()) as GatewayResult<Data>;
}
