import { commitMutation, Environment, fetchQuery, Network, RecordSource, Store } from 'relay-runtime';
import type {
  ConcreteRequest,
  FetchFunction,
  GraphQLResponse,
  MutationParameters,
  RecordSourceSelectorProxy,
  RequestParameters,
  Variables,
} from 'relay-runtime';
import { retryDelayMs } from './errors.ts';
import type { GatewayError } from './errors.ts';
import type { ClientOptions, Personas } from './personas.ts';
import createMutation from './relay/__generated__/operationsCreateMutation.graphql.ts';
import type { operationsCreateMutation } from './relay/__generated__/operationsCreateMutation.graphql.ts';
import deleteMutation from './relay/__generated__/operationsDeleteMutation.graphql.ts';
import type { operationsDeleteMutation } from './relay/__generated__/operationsDeleteMutation.graphql.ts';
import listQuery from './relay/__generated__/operationsListQuery.graphql.ts';
import type { operationsListQuery } from './relay/__generated__/operationsListQuery.graphql.ts';
import updateMutation from './relay/__generated__/operationsUpdateMutation.graphql.ts';
import type { operationsUpdateMutation } from './relay/__generated__/operationsUpdateMutation.graphql.ts';

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GatewayError[];
}

/** Thrown when a root field is null because it failed: Relay itself takes errors beside data for a success. */
class FailedError extends Error {
  override readonly name = 'FailedError';
  readonly errors: readonly GatewayError[];

  constructor(errors: readonly GatewayError[]) {
    super(errors[0]?.message);
    this.errors = errors;
  }
}

/** Sends the id that relay-compiler gave the document (`persistConfig`); its text is not in the artifacts. */
function createFetch({ url, apiKey }: ClientOptions): FetchFunction {
  async function send(
    { id, operationKind }: RequestParameters,
    variables: Variables,
    attempt: number,
  ): Promise<GraphQLResponse> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        'x-api-key': apiKey,
      },
      body: JSON.stringify({ documentId: id, variables }),
    });
    const { data, errors = [] } = (await response.json()) as Answer;
    const delayMs = operationKind === 'query' ? retryDelayMs(errors, attempt) : undefined;
    if (delayMs !== undefined) {
      await new Promise((resolve) => {
        setTimeout(resolve, delayMs);
      });
      return send({ id, operationKind } as RequestParameters, variables, attempt + 1);
    }
    const isRootNull = Object.values(data ?? { none: null }).includes(null);
    if (isRootNull && errors.length > 0) throw new FailedError(errors);
    return { data, errors } as GraphQLResponse;
  }
  return (request, variables) => send(request, variables, 1);
}

/** What a field with `@catch` has when it failed: the errors of the gateway, without message and path. */
function errorsAt(path: GatewayError['path'], errors: readonly unknown[]): GatewayError[] {
  return (errors as readonly Pick<GatewayError, 'extensions'>[]).map(({ extensions }) => {
    return { message: String(extensions?.['code']), path, extensions };
  });
}

export function createPersonas(options: ClientOptions): Personas {
  const environment = new Environment({
    network: Network.create(createFetch(options)),
    store: new Store(new RecordSource()),
  });

  function write<Operation extends MutationParameters>(
    mutation: ConcreteRequest,
    variables: Operation['variables'],
    updater?: (store: RecordSourceSelectorProxy<Operation['response']>) => void,
  ): Promise<Operation['response']> {
    return new Promise((resolve, reject) => {
      commitMutation<Operation>(environment, {
        mutation,
        variables,
        updater,
        onCompleted: resolve,
        onError: reject,
      });
    });
  }

  return {
    async list(agentId) {
      try {
        const data = await fetchQuery<operationsListQuery>(
          environment,
          listQuery,
          { agentId },
          { fetchPolicy: 'store-or-network' },
        ).toPromise();
        // A persona that was deleted from the store is null in its lists.
        const places = data?.personasByAgent?.map((persona, index) => ({ ...persona, index })) ?? [];
        const personas = places.filter(({ id }) => (id as string | undefined) !== undefined);
        return {
          personas: personas.map(({ id, name, goal }) => ({ id, name, goal: goal.ok ? goal.value : null })),
          errors: personas.flatMap(({ goal, index }) =>
            goal.ok ? [] : errorsAt(['personasByAgent', index, 'goal'], goal.errors),
          ),
        };
      } catch (error) {
        if (!(error instanceof FailedError)) throw error;
        return { personas: null, errors: error.errors };
      }
    },
    async create(input) {
      const { createCustomerPersona: payload } = await write<operationsCreateMutation>(
        createMutation,
        { input },
        (store) => {
          const persona = store.getRootField('createCustomerPersona')?.getLinkedRecord('customerPersona');
          const root = store.getRoot();
          const of = { agentId: input.agentId };
          const list = root.getLinkedRecords('personasByAgent', of);
          if (persona && list) root.setLinkedRecords([...list, persona], 'personasByAgent', of);
        },
      );
      return payload?.customerPersona ?? null;
    },
    async rename(id, name) {
      // The answer has the id: the store replaces the persona everywhere.
      await write<operationsUpdateMutation>(updateMutation, { input: { id, name } });
    },
    async remove(id) {
      await write<operationsDeleteMutation>(deleteMutation, { input: { id } }, (store) => {
        store.delete(id);
      });
    },
  };
}
