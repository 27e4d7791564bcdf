import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { request } from 'graphql-request';

/** Sends a document with a client's defaults, and resolves with the error that it reports, however it does. */
type Sender = (url: string, document: string) => Promise<unknown>;

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

function createApolloClient(uri: string, headers: Record<string, string> = {}) {
  return new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri, headers }) });
}

export const senders: Readonly<Record<string, Sender>> = {
  'Apollo Client, which throws': (url, document) =>
    caught(createApolloClient(url).query({ query: gql(document) })),
  'Apollo Client, which returns': async (url, document) => {
    const { error } = await createApolloClient(url).query({ query: gql(document), errorPolicy: 'all' });
    return error;
  },
  'Apollo Client, which takes JSON alone': (url, document) =>
    caught(createApolloClient(url, { accept: 'application/json' }).query({ query: gql(document) })),
  urql: async (url, document) => {
    const client = new Client({ url, exchanges: [fetchExchange] });
    return (await client.query(document, {}).toPromise()).error;
  },
  'graphql-request': (url, document) => caught(request(url, document)),
};
