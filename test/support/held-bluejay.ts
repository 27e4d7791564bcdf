import { text } from 'node:stream/consumers';
import { exampleId } from './gateway.ts';
import { startHttpUpstream } from './upstreams.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/**
 * A Bluejay with one persona that any key may see, and whose answers can be held up: each says what was there when its
 * request arrived.
 */
export async function startHeldBluejay(id = exampleId) {
  const held = new Set<Method>();
  const calls: Method[] = [];
  const waiting: (() => void)[] = [];
  let name: string | undefined = 'Before';
  let failure: number | undefined;
  let aborted = 0;
  const url = await startHttpUpstream(async (request, response) => {
    const method = request.method as Method;
    const body = await text(request);
    calls.push(method);
    response.once('close', () => {
      if (!response.writableFinished) aborted += 1;
    });
    const isList = request.url?.includes('by-agent') === true;
    if (method === 'PUT' || method === 'POST') name = (JSON.parse(body) as { name: string }).name;
    const persona = name === undefined ? undefined : { id, name };
    if (method === 'DELETE') name = undefined;
    const status = failure ?? (persona === undefined && !isList ? 404 : 200);
    if (held.has(method)) await new Promise<void>((resolve) => waiting.push(resolve));
    const list = persona === undefined ? [] : [persona];
    response.writeHead(status);
    response.end(JSON.stringify(status === 404 ? { detail: 'No such persona' } : isList ? list : persona));
  });
  return {
    url,
    /** Every request that has arrived. */
    calls,
    /** Requests whose callers went away before they were answered. */
    aborted: () => aborted,
    hold: (method: Method) => void held.add(method),
    /** Lets all go that are held up, and holds nothing up any more. */
    release() {
      held.clear();
      for (const resolve of waiting.splice(0)) resolve();
    },
    /** Holds up none that arrive from now on. */
    holdNoMore: () => held.clear(),
    /** What is there from now on, without a write of the gateway's. */
    become: (next: string | undefined) => (name = next),
    /** The status of all answers from now on. */
    fail: (status: number | undefined) => (failure = status),
  };
}
