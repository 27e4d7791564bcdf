import { randomUUID } from 'node:crypto';
import type { Organisation, WirePersona } from './organisations.ts';

/** The texts of a persona that callers write. */
export type PersonaTexts = Partial<Pick<WirePersona, 'name' | 'description' | 'goal'>>;

/** One organisation's personas and agents, as they are now. */
export interface OrganisationStore {
  persona(id: string): WirePersona | undefined;
  /** The personas of an agent; undefined for one that the organisation does not have. */
  personasOf(agentId: number): readonly WirePersona[] | undefined;
  /** @returns undefined for an agent that the organisation does not have */
  create(texts: PersonaTexts, agentId: number | null): WirePersona | undefined;
  /** @returns the persona as it is then; undefined where there is none */
  update(id: string, texts: PersonaTexts): WirePersona | undefined;
  /** @returns the persona as it was */
  delete(id: string): WirePersona | undefined;
  personas(): readonly WirePersona[];
}

/** A copy of an organisation that can be written: each sandbox has its own. */
export function createOrganisationStore({ id: orgId, personas, agents }: Organisation): OrganisationStore {
  const byId = new Map(personas.map((persona) => [persona.id, persona]));
  const idsByAgent = new Map(agents.map(({ id, personaIds }) => [id, [...personaIds]]));
  return {
    persona: (id) => byId.get(id),
    personasOf: (agentId) =>
      idsByAgent.get(agentId)?.flatMap((id) => {
        const persona = byId.get(id);
        return persona === undefined ? [] : [persona];
      }),
    create(texts, agentId) {
      const ids = agentId === null ? [] : idsByAgent.get(agentId);
      if (ids === undefined) return undefined;
      const empty = { name: null, description: null, goal: null };
      const persona = {
        id: randomUUID(),
        created_at: new Date().toISOString().replace('Z', '000+00:00'),
        ...empty,
        ...texts,
        org_id: orgId,
      };
      byId.set(persona.id, persona);
      ids.push(persona.id);
      return persona;
    },
    update(id, texts) {
      const persona = byId.get(id);
      if (persona === undefined) return undefined;
      const updated = { ...persona, ...texts };
      byId.set(id, updated);
      return updated;
    },
    delete(id) {
      const persona = byId.get(id);
      byId.delete(id);
      return persona;
    },
    personas: () => [...byId.values()],
  };
}
