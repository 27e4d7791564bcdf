// The upstream's answers and the GraphQL answers that every server must give for them.

const createdAt = '2023-11-07T05:31:56.123456';
const persona = {
  name: 'Anxious first-time patient',
  description: 'Thirty-four, never had surgery, reads about risks late at night.',
  goal: 'Leave the call calmer than before.',
};
const organisation = '6f1d2b7e-5a0c-4c58-9d1e-2f6a4b8c0d11';

/** Prefix of valid ids that the upstream refuses with a 422. */
export const refusedPrefix = '42200000';

/** The body for an id; any text that stands for an id will do. */
export const personaBody = (id: string): string =>
  JSON.stringify({ id, created_at: `${createdAt}+00:00`, ...persona, org_id: organisation });

/** The personas of an agent, whichever it is. */
export const agentBody = `[${[1, 2, 3].map((digit) => personaBody(`00000000-0000-4000-8000-00000000000${digit}`)).join(',')}]`;

/** FastAPI's, as Pydantic 2 writes it. */
export const refusalBody = JSON.stringify({
  detail: [{ type: 'value_error', loc: ['path', 'persona_id'], msg: 'The persona is archived.', input: '…' }],
});

/** The persona in GraphQL's answer. */
export const expectedPersona = (id: string) => ({
  id,
  createdAt: `${createdAt}Z`,
  ...persona,
  orgId: organisation,
});
