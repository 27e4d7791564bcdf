#!/usr/bin/env node
import { readCommandLine } from '../shared/command-line.ts';

const values = await readCommandLine(
  {
    name: 'bluejay-sandbox',
    summary: 'a stand-in for Bluejay’s API, with faults on demand',
    options: {
      host: { default: '127.0.0.1', description: 'Address to listen on.' },
      port: {
        default: process.env['PORT'] || '4010',
        description: 'Port to listen on; 0 takes any free one. The variable PORT sets the default.',
      },
    },
  },
  process,
);
const { createSandbox, organisations } = await import('./index.ts');

const host = values.get('host') ?? '';
const port = values.get('port') ?? '';
if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
  process.stderr.write('--port: expected a whole number from 0 to 65535; PORT sets its default\n');
  process.exit(1);
}
const sandbox = await createSandbox({ host, port: Number(port) }).catch((error: NodeJS.ErrnoException) => {
  process.stderr.write(`Cannot listen on ${host}:${port}: ${error.code}. Try another --port.\n`);
  process.exit(1);
});

/** In the repository, or where the package is installed. */
const start = import.meta.url.endsWith('.ts') ? 'npm start' : 'npx bluejay-graphql';
process.stdout.write(`
A stand-in for Bluejay's API, with invented personas, on ${sandbox.url}

${organisations
  .map(
    ({ apiKey, personas, agents }) =>
      `  key ${apiKey}\n${personas.map(({ id, name }) => `    ${id}  ${name ?? '(every field null)'}\n`).join('')}` +
      agents.map(({ id, personaIds }) => `    agent ${id} with ${personaIds.length} of them\n`).join(''),
  )
  .join('\n')}
  curl -s ${sandbox.url}/v1/customer-persona/${organisations[0]?.personas[0]?.id} -H 'x-api-key: ${organisations[0]?.apiKey}'
  curl -s ${sandbox.url}/v1/customer-personas-by-agent/${organisations[0]?.agents[0]?.id} -H 'x-api-key: ${organisations[0]?.apiKey}'

  curl -s ${sandbox.url}/v1/create-customer-persona -H 'x-api-key: ${organisations[0]?.apiKey}' \\
    -H 'content-type: application/json' -d '{"name":"Ann","description":"Calls early","goal":"An appointment"}'

Faults on demand (answer, delay, drip, truncate, reset, hang), for a number of times, one persona (personaId), one
agent's list (agentId) or one method, or until removed. isApplied: a write is done, though its answer is lost.

  curl ${sandbox.url}/_sandbox/faults -d '{"fault":{"kind":"answer","status":503},"times":3}'
  curl ${sandbox.url}/_sandbox/faults -d '{"fault":{"kind":"hang"},"personaId":"${organisations[0]?.personas[0]?.id}"}'
  curl ${sandbox.url}/_sandbox/faults -d '{"fault":{"kind":"delay","delayMs":500}}'
  curl ${sandbox.url}/_sandbox/faults -d '{"fault":{"kind":"reset"},"method":"PUT","isApplied":true,"times":1}'
  curl ${sandbox.url}/_sandbox/faults -d '{"fault":{"kind":"answer","status":409,"body":"{\\"detail\\":\\"Busy\\"}"},"method":"POST"}'
  curl ${sandbox.url}/_sandbox/faults -X DELETE

Through the gateway:

  BLUEJAY_BASE_URL=${sandbox.url} BLUEJAY_API_KEY=${organisations[0]?.apiKey} ${start}
  BLUEJAY_BASE_URL=${sandbox.url} BLUEJAY_AUTH=forward ${start}

`);

const stop = () => void sandbox.close();
process.once('SIGTERM', stop).once('SIGINT', stop);
