import type { Exchange, Route } from './exchange.ts';
import { sendBody } from './exchange.ts';
import { Refusal } from './refusal.ts';

/** `/health/live`: the process answers. */
export const live: Route = (exchange) => sendHealth(exchange, 200, 'live');

/**
 * `/health/ready`: 503 as soon as one of `conditions` does not hold. Bluejay's state is none of them: all
 * replicas share it, and taking them all out of the balancer would help nobody. The answer does not say why
 * either; the log does.
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
