import type { Failure } from './errors.ts';
import type { TransportResponse } from './transport/messages.ts';

/**
 * The meaning of a 404. `absent`: the service has nothing of that id that the key may see. `unclear`: either that, or
 * the service does not know the path. `foreign`: something else answered, such as an ingress without a backend.
 */
export type NotFound = 'absent' | 'unclear' | 'foreign';

/** Reads the error bodies of a service. The engine classifies the statuses whose bodies it does not read. */
export interface ErrorDialect {
  /** The statuses, beside 404, whose bodies are read. */
  readonly statuses: readonly number[];
  /** Returns the failure in a response with one of `statuses`. */
  readRefusal(response: TransportResponse, context: RefusalContext): Failure;
  /** Returns the meaning of a 404. */
  readNotFound(response: TransportResponse): NotFound;
}

interface RefusalContext {
  /** See `Endpoint`. */
  readonly argumentNames: Readonly<Record<string, string>>;
  /** The credential that was sent: no failure may hold it. */
  readonly secret: string;
}
