import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';

/** The other end of a connection. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** The environment variable with its address. */
  readonly variable: 'BLUEJAY_BASE_URL' | 'CACHE_URL' | 'HTTPS_PROXY' | 'HTTP_PROXY';
}

/** Returns the code of an error of Node.js, whose message may hold secrets. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Explains an error code of the network or of a certificate to the operator. */
export function explainNetworkError(code: string, { host, port, variable }: Target): Verdict {
  const certificate = explainCertificate(code, host);
  if (certificate !== undefined) return certificate;
  switch (code) {
    case 'ENOTFOUND':
      return problem(
        `No name server knows ${host}.`,
        `Check the host in ${variable} for a misspelling, and that this machine uses the right name servers.`,
      );
    case 'EAI_AGAIN':
      return problem(
        `No name server says what ${host} is.`,
        'Check the name servers of this machine (/etc/resolv.conf) and the way to them.',
      );
    case 'ECONNREFUSED':
      return problem(
        `Nothing listens on port ${port} of ${host}.`,
        `Check the host and port in ${variable}, and that what should listen there runs.`,
      );
    case 'ETIMEDOUT':
      return problem(
        `${host} does not answer on port ${port} in time.`,
        'A firewall or network policy may swallow the packets: permit this machine to get there.',
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return problem(
        `There is no way to ${host} from this machine.`,
        'Check its routes, and that it has an address of the same family (IPv4 or IPv6).',
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return problem(
        `${host} breaks the connection off.`,
        `Check that port ${port} in ${variable} is the right one; a proxy or firewall may also do this.`,
      );
    default:
      return problem(
        `Talking to ${host} on port ${port} fails${code === '' ? '' : ` (${code})`}.`,
        `Check ${variable}.`,
      );
  }
}

function explainCertificate(code: string, host: string): Verdict | undefined {
  if (/_ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|ACCESS_DENIED)$/.test(code)) {
    const isSure = !code.endsWith('HANDSHAKE_FAILURE');
    return problem(
      isSure
        ? `${host} wants a client certificate, and the gateway has none (${code}).`
        : `${host} breaks the TLS handshake off (${code}): most likely it wants a client certificate, which the gateway does not have.`,
      'Ask for access without one, or put a proxy that has it in front and name that in BLUEJAY_BASE_URL.',
    );
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return problem(
      `${host} does not speak TLS, or none that Node.js does (${code}).`,
      'Check the port, and whether the address should begin with https:// or rediss:// at all.',
    );
  }
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return problem(
        `The certificate of ${host} has expired.`,
        'Check the clock of this machine; if it is right, the other side must renew its certificate.',
      );
    case 'CERT_NOT_YET_VALID':
      return problem(
        `The certificate of ${host} is not valid yet.`,
        'Check the clock of this machine: it is probably slow.',
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return problem(
        `The certificate is for another host than ${host}.`,
        'Check the host; if it is right, something else answers in its place.',
      );
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return problem(
        `The certificate of ${host} is signed by itself: nobody vouches for it.`,
        'If it is yours, name it in NODE_EXTRA_CA_CERTS; if not, something else answers in its place.',
      );
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return problem(
        `The certificate of ${host} is signed by an authority that this machine does not know.`,
        "A company's proxy may open the encryption: name its certificate in NODE_EXTRA_CA_CERTS.",
      );
    default:
      return undefined;
  }
}
