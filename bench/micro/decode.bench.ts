import { test } from 'vitest';
import { normaliseDateTime } from '../../src/datasources/bluejay/date-time.ts';
import { getCustomerPersona } from '../../src/datasources/bluejay/customer-persona.ts';
import { errorDialect } from '../../src/datasources/bluejay/service.ts';
import { personaBody, refusalBody } from '../personas.ts';

const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

test('decoding a persona, beside JSON.parse alone', async ({ bench }) => {
  const body = personaBody(id);
  await bench.compare(
    bench('JSON.parse', () => {
      JSON.parse(body);
    }),
    bench('getCustomerPersona.decode', () => {
      getCustomerPersona.decode(JSON.parse(body), { persona_id: id });
    }),
  );
});

test('normalising a date-time', async ({ bench }) => {
  await bench.compare(
    bench('in UTC', () => {
      normaliseDateTime('2023-11-07T05:31:56Z');
    }),
    bench('with microseconds and +00:00', () => {
      normaliseDateTime('2023-11-07T05:31:56.123456+00:00');
    }),
    bench('with another zone', () => {
      normaliseDateTime('2023-11-07T05:31:56+02:00');
    }),
  );
});

test('decoding a 422', async ({ bench }) => {
  const context = { argumentNames: { persona_id: 'id' }, secret: 'bench-key' };
  const response = { status: 422, headers: {}, body: refusalBody };
  await bench('readRefusal', () => {
    errorDialect.readRefusal(response, context);
  }).run();
});
