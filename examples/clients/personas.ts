import type { GatewayError } from './errors.ts';

export interface Persona {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly goal?: string | null | undefined;
}

/** What there is of a list, and what has failed: with `path: ["personasByAgent", 1, "goal"]` the second goal. */
export interface PersonaList {
  /** Null when none could be read. */
  readonly personas: readonly Persona[] | null;
  readonly errors: readonly GatewayError[];
}

/** What each recipe does with its library. */
export interface Personas {
  /** An agent's personas, from the cache where they are. */
  list(agentId: string): Promise<PersonaList>;
  /** @throws what the library throws, with the errors of the gateway in it; likewise the others */
  create(input: {
    agentId: string;
    name: string;
    description: string;
    goal: string;
  }): Promise<Persona | null>;
  rename(id: string, name: string): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface ClientOptions {
  /** The gateway's endpoint, such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** Bluejay's key, for a gateway with `BLUEJAY_AUTH=forward`. */
  readonly apiKey: string;
}
