import type { Credential } from '../upstream/index.ts';
import { apiKeyPattern } from './api-key.ts';

/** Bluejay's name in errors, logs, metrics and traces. */
export const service = 'bluejay';

/** Bluejay's name in messages for people. */
export const title = 'Bluejay';

export const credential: Credential = { header: 'x-api-key', pattern: apiKeyPattern };

export { fastApi as errorDialect } from './error-dialect.ts';
