import { test } from 'vitest';
import { normaliseDateTime } from '../../src/datasources/bluejay/date-time.ts';
import { decodeCustomerPersona } from '../../src/datasources/bluejay/decode-customer-persona.ts';
import { decodeValidationError } from '../../src/datasources/bluejay/decode-validation-error.ts';
import { personaBody, refusalBody } from '../personas.ts';

const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

test('decoding a persona, beside JSON.parse alone', async ({ bench }) => {
  const body = personaBody(id);
  await bench.compare(
    bench('JSON.parse', () => {
      JSON.parse(body);
    }),
    bench('decodeCustomerPersona', () => {
      decodeCustomerPersona(body, id);
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
  const argumentNames = new Map([['persona_id', 'id']]);
  await bench('decodeValidationError', () => {
    decodeValidationError(refusalBody, argumentNames, 'bench-key');
  }).run();
});
