import type { Exchange, Route } from './exchange.ts';
import { sendBody } from './exchange.ts';
import { Refusal } from './refusal.ts';

/** `/health/live`: the process answers. */
export const live: Route = (exchange) => sendHealth(exchange, 200, 'live');

/** `/health/ready`: 503 while the gateway is draining. Bluejay's state does not count. */
export function createReadyRoute(isReady: () => boolean): Route {
  return (exchange) =>
    isReady() ? sendHealth(exchange, 200, 'ready') : sendHealth(exchange, 503, 'draining');
}

function sendHealth(exchange: Exchange, status: number, state: string): void {
  const { method } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD') {
    throw new Refusal(405, 'BAD_REQUEST', 'Use GET.', { allow: 'GET, HEAD' });
  }
  sendBody(exchange, status, 'application/json', JSON.stringify({ status: state }));
}
