import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';
import { codeOf } from './network-errors.ts';

/** Checks whether Node.js can read the file of `NODE_EXTRA_CA_CERTS`; otherwise Node.js ignores it with a warning. */
export async function checkExtraCertificates(path: string): Promise<Verdict> {
  try {
    const pem = await readFile(path, 'latin1');
    const certificates =
      pem.match(/-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^]+?-----END \1-----/g) ?? [];
    for (const certificate of certificates) void new X509Certificate(certificate);
    if (certificates.length > 0) {
      return {
        outcome: 'ok',
        text: `NODE_EXTRA_CA_CERTS adds ${certificates.length} to the known authorities`,
      };
    }
    return unusable('has no certificate in PEM in it');
  } catch (error) {
    const code = codeOf(error);
    return unusable(
      /^E[A-Z]+$/.test(code) ? `cannot be read (${code})` : 'has a certificate in it that is broken',
    );
  }
}

function unusable(what: string): Verdict {
  return problem(
    `The file of NODE_EXTRA_CA_CERTS ${what}: Node.js goes on without it.`,
    'Check the path, and that the user of the gateway may read it; or unset the variable.',
  );
}

/** The verdict where `NODE_TLS_REJECT_UNAUTHORIZED` is 0. */
export const unverified: Verdict = {
  outcome: 'note',
  text: 'NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, so anyone on the way can take the API key',
  advice: 'Unset it. For an authority that this machine does not know, set NODE_EXTRA_CA_CERTS.',
};
