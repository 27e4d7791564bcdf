import { request as send } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { startHttpUpstream } from '../support/upstreams.ts';

/** A request that went to a subgraph, and what the subgraph answered. */
export interface RecordedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> };
  readonly status: number | undefined;
  readonly contentType: string | undefined;
}

/** Stands between a gateway and a subgraph and notes what passes. */
export async function startRecorder(target: string): Promise<{ url: string; requests: RecordedRequest[] }> {
  const requests: RecordedRequest[] = [];
  const url = await startHttpUpstream(async (request, response) => {
    const { headers, method, url: path } = request;
    const body = await text(request);
    const forwarded = send(new URL(path ?? '/', target), { method, headers }, (answer) => {
      requests.push({
        headers,
        body: JSON.parse(body) as RecordedRequest['body'],
        status: answer.statusCode,
        contentType: answer.headers['content-type'],
      });
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.once('error', () => response.destroy());
    forwarded.end(body);
  });
  return { url, requests };
}
