import type { Failure } from './errors.ts';
import type { TransportResponse } from './transport/messages.ts';

/**
 * What a 404 says. `absent`: the service has nothing of that id that the key may see. `unclear`: that, or it does not
 * know the path. `foreign`: something else answered, such as an ingress without a backend.
 */
export type NotFound = 'absent' | 'unclear' | 'foreign';

/** How a service words its errors. What a status alone says is the engine's business. */
export interface ErrorDialect {
  /** The statuses, beside 404, whose bodies are read. */
  readonly statuses: readonly number[];
  /** The failure in an answer with one of `statuses`. */
  readRefusal(response: TransportResponse, context: RefusalContext): Failure;
  readNotFound(response: TransportResponse): NotFound;
}

interface RefusalContext {
  /** See `Endpoint`. */
  readonly argumentNames: Readonly<Record<string, string>>;
  /** The credential that was sent: no failure may hold it. */
  readonly secret: string;
}
