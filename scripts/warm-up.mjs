// Runs the gateway once after an installation, so that its compiled code is kept and the first start is as
// fast as the later ones. It never fails an installation: without it a start only takes longer.
import { fileURLToPath } from 'node:url';

const [major = '0'] = process.versions.node.split('.');
// The machine's own Node.js may be older than the one that runs the gateway.
if (Number(major) >= 24) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
  await warmUp().catch(() => undefined);
}

async function warmUp() {
  const { parseConfig } = await import('../src/config.ts');
  const { createGateway } = await import('../src/gateway.ts');
  const result = parseConfig({ PORT: '0', LOG_LEVEL: 'silent' });
  if (!result.ok) return;
  const gateway = await createGateway(result.config);
  const response = await fetch(`${await gateway.listen()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ persona(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id } }"}',
  });
  await response.text();
  await gateway.close();
}
