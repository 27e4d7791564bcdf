import type { Exchange, Route } from './exchange.ts';
import { sendBody } from './exchange.ts';
import { Refusal } from './refusal.ts';

/** `/health/live`: answers 200 as long as the process answers at all. */
export const live: Route = (exchange) => sendHealth(exchange, 200, 'live');

/**
 * `/health/ready`: answers 200 while all `conditions` hold, else 503. The state of an upstream service must not be a
 * condition: all replicas share it, and a balancer would remove them all. The log has the reason, the answer has not.
 */
export function createReadyRoute(conditions: readonly (() => boolean)[]): Route {
  return (exchange) =>
    conditions.every((holds) => holds())
      ? sendHealth(exchange, 200, 'ready')
      : sendHealth(exchange, 503, 'not ready');
}

function sendHealth(exchange: Exchange, status: number, state: string): void {
  const { method } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD') {
    throw new Refusal(405, 'BAD_REQUEST', 'Use GET.', { allow: 'GET, HEAD' });
  }
  sendBody(exchange, status, 'application/json', JSON.stringify({ status: state }));
}
