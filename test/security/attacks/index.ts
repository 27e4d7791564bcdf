import type { Attack } from '../attack.ts';
import { graphqlCop } from './graphql-cop.ts';
import { http } from './http.ts';
import { operationLimits } from './operation-limits.ts';
import { owasp } from './owasp.ts';
import { trustedDocuments } from './trusted-documents.ts';

/** All attacks, in the order in which the audit prints them. */
export const attacks: readonly Attack[] = [
  ...operationLimits,
  ...graphqlCop,
  ...owasp,
  ...trustedDocuments,
  ...http,
];
