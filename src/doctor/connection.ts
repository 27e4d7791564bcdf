import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { addressSelection } from '../datasources/upstream/transport/route.ts';
import { codeOf, explainNetworkError } from './network-errors.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Target } from './network-errors.ts';
import type { Verdict } from './finding.ts';

const dayMs = 86_400_000;
/** A certificate that expires sooner gets a note: most are renewed a month before. */
const renewalDays = 14;
/** How long a server may take to refuse a client without a certificate. */
const sessionMs = 500;

/** The verdict of a step, and its socket, which the caller must close. */
export interface Connected {
  readonly verdict: Verdict;
  readonly socket: Socket;
}

/** Checks whether the host name resolves to an address. */
export async function checkDns(target: Target): Promise<Verdict> {
  if (isIP(target.host) !== 0) return { outcome: 'ok', text: `${target.host} is an address already` };
  try {
    // The resolver has time limits of its own.
    const addresses = await lookup(target.host, { all: true });
    return {
      outcome: 'ok',
      text: `${target.host} is ${addresses.map(({ address }) => address).join(', ')}`,
    };
  } catch (error) {
    return explainNetworkError(codeOf(error), target);
  }
}

/** Checks whether an unconnected socket can connect by TCP. */
export async function checkConnection(socket: Socket, target: Target, limitMs: number): Promise<Connected> {
  const { host, port } = target;
  const connected = new Promise<Verdict>((resolve, reject) => {
    socket.once('connect', () => resolve({ outcome: 'ok', text: `${host} answers on port ${port}` }));
    socket.on('error', reject);
  });
  socket.connect({ host, port, ...addressSelection });
  const verdict = await withTimeLimit(connected, limitMs).catch((error: unknown) =>
    explainNetworkError(codeOf(error), target),
  );
  return { verdict, socket };
}

/** Checks whether the peer's certificate is trusted, and the peer requires no client certificate. */
export async function checkTls(socket: Socket, target: Target, limitMs: number): Promise<Connected> {
  const { host } = target;
  const tls = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
  });
  const secured = new Promise<void>((resolve, reject) => {
    tls.once('secureConnect', () => {
      if (tls.getProtocol() !== 'TLSv1.3') {
        resolve();
        return;
      }
      // In TLS 1.3 the client is ready before the server checks for a client certificate. A session ticket shows that
      // the server requires none; some servers send no ticket.
      tls.once('session', () => resolve());
      setTimeout(resolve, sessionMs).unref();
    });
    tls.on('error', reject);
    tls.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
  const verdict = await withTimeLimit(secured, limitMs).then(
    () => describeCertificate(tls, target),
    (error: unknown) => explainNetworkError(codeOf(error), target),
  );
  return { verdict, socket: tls };
}

function describeCertificate(tls: TLSSocket, target: Target): Verdict {
  const protocol = tls.getProtocol();
  if (!tls.authorized) {
    // NODE_TLS_REJECT_UNAUTHORIZED is 0. `authorizationError` is a code, although its type is Error.
    const { text, advice } = explainNetworkError(String(tls.authorizationError), target);
    return {
      outcome: 'note',
      text: `${protocol}, accepted for NODE_TLS_REJECT_UNAUTHORIZED=0 alone: ${text}`,
      ...(advice !== undefined && { advice }),
    };
  }
  const endsAt = new Date(tls.getPeerCertificate().valid_to);
  const text = `${protocol}, certificate valid until ${endsAt.toISOString().slice(0, 10)}`;
  const daysLeft = Math.floor((endsAt.getTime() - Date.now()) / dayMs);
  if (daysLeft >= renewalDays) return { outcome: 'ok', text };
  return {
    outcome: 'note',
    text,
    advice: `It ends in ${daysLeft} days. The other side has to renew it by then.`,
  };
}
