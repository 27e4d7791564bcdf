import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { codeOf, explainNetworkError } from './network-errors.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Target } from './network-errors.ts';
import type { Verdict } from './finding.ts';

const dayMs = 86_400_000;
/** A certificate that ends sooner is worth a note: most are renewed a month before. */
const renewalDays = 14;

/** Whether the host's name leads to an address. */
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

/** Whether a TCP connection comes about; it is handed on, to be closed by whoever asked. */
export async function checkConnection(
  target: Target,
  limitMs: number,
): Promise<{ readonly verdict: Verdict; readonly socket: Socket }> {
  const { host, port } = target;
  const socket = connectTcp({ host, port });
  const connected = new Promise<Verdict>((resolve, reject) => {
    socket.once('connect', () => resolve({ outcome: 'ok', text: `${host} answers on port ${port}` }));
    socket.on('error', reject);
  });
  const verdict = await withTimeLimit(connected, limitMs).catch((error: unknown) =>
    explainNetworkError(codeOf(error), target),
  );
  return { verdict, socket };
}

/** Whether the gateway would trust whoever answers on the socket. */
export async function checkTls(socket: Socket, target: Target, limitMs: number): Promise<Verdict> {
  const { host } = target;
  const tls = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
  });
  const secured = new Promise<void>((resolve, reject) => {
    tls.once('secureConnect', resolve);
    tls.on('error', reject);
    tls.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
  try {
    await withTimeLimit(secured, limitMs);
    const endsAt = new Date(tls.getPeerCertificate().valid_to);
    const text = `${tls.getProtocol()}, certificate valid until ${endsAt.toISOString().slice(0, 10)}`;
    const daysLeft = Math.floor((endsAt.getTime() - Date.now()) / dayMs);
    if (daysLeft >= renewalDays) return { outcome: 'ok', text };
    return {
      outcome: 'note',
      text,
      advice: `It ends in ${daysLeft} days. The other side has to renew it by then.`,
    };
  } catch (error) {
    return explainNetworkError(codeOf(error), target);
  } finally {
    tls.destroy();
  }
}
