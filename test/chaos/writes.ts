import type { Fault, FaultRule, Organisation, Sandbox } from '../../src/sandbox/index.ts';
import type { Random } from './random.ts';
import type { ChaosReport } from './report.ts';

/** Personas that are written; nobody else looks at them. */
interface Written {
  readonly tenant: Organisation;
  readonly id: string;
  /** What was acknowledged last: every read that begins sees it, or what came after. */
  acknowledged: number;
  /** The numbers of updates that were surely not done. */
  readonly refused: Set<number>;
}

interface Created {
  readonly tenant: Organisation;
  readonly name: string;
  outcome: 'applied' | 'not_applied' | 'unknown';
  /** Of the deletion that followed, where there was one. */
  deletion?: Created['outcome'];
}

/** Writes, reads what was written, and in the end holds Bluejay's books against its own. */
export interface Writers {
  /** Makes a write of each outcome, with the faults that lead there: chance alone may leave one out. */
  actEachOutcome(faults: Sandbox['faults']): Promise<void>;
  /** One random write, or read of what is written. */
  act(): Promise<void>;
  /** Adds a fault for writes. */
  injectFault(faults: Sandbox['faults']): string;
  /** Compares what there is with what was answered. */
  verify(sandbox: Sandbox): void;
}

export interface WritersOptions {
  readonly url: string;
  readonly tenants: readonly Organisation[];
  readonly targets: readonly Written[];
  readonly random: Random;
  readonly report: ChaosReport;
}

const nameOf = (number: number) => `version ${number}`;
const numberOf = (name: string | null) => Number(/^version (\d+)$/.exec(name ?? '')?.[1] ?? Number.NaN);

/** The organisations with a few personas more, and those. */
export function addTargets(organisations: readonly Organisation[]) {
  const targets: Written[] = [];
  const extended = organisations.map((tenant, index) => {
    const ids = [1, 2, 3].map((number) => `abcdef00-0000-4000-8000-0000000000${index}${number}`);
    for (const id of ids) targets.push({ tenant, id, acknowledged: 0, refused: new Set() });
    const personas = ids.map((id) => ({ ...tenant.personas[0]!, id, name: nameOf(0) }));
    return { ...tenant, personas: [...tenant.personas, ...personas] };
  });
  return { organisations: extended, targets };
}

export function createWriters({ url, tenants, targets, random, report }: WritersOptions): Writers {
  const created: Created[] = [];
  const busy = new Set<Written>();
  let number = 0;

  async function send(tenant: Organisation, query: string, variables: object): Promise<Answer> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': tenant.apiKey },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  function outcomeOf({ data, errors }: Answer, isWhole: (data: NonNullable<Answer['data']>) => boolean) {
    const outcome = errors?.[0]?.extensions.outcome;
    if (errors === undefined && data !== undefined && isWhole(data)) return count('applied');
    // A request that is refused as a whole is not executed at all.
    if (errors !== undefined && data === undefined) return count('not_applied');
    if (outcome === undefined)
      report.violations.push(`a write without an outcome: ${JSON.stringify(errors)}`);
    return count(outcome ?? 'unknown');
  }

  function count(outcome: Created['outcome']): Created['outcome'] {
    report.writes[outcome] = (report.writes[outcome] ?? 0) + 1;
    return outcome;
  }

  async function create(tenant: Organisation): Promise<void> {
    number += 1;
    const entry: Created = { tenant, name: `created ${number}`, outcome: 'unknown' };
    created.push(entry);
    const answer = await send(
      tenant,
      'mutation ($name: String!) { createCustomerPersona(input: { name: $name, description: "x", goal: "y" }) { customerPersona { id } } }',
      { name: entry.name },
    );
    entry.outcome = outcomeOf(answer, (data) => data.createCustomerPersona !== null);
    const id = answer.data?.createCustomerPersona?.customerPersona?.id;
    if (id === undefined || random.next() < 0.5) return;
    // Somebody may have asked for it before the deletion.
    await send(tenant, 'query ($id: UUID!) { persona(id: $id) { id } }', { id });
    const deletion = await send(
      tenant,
      'mutation ($id: UUID!) { deleteCustomerPersona(input: { id: $id }) { deletedId } }',
      { id },
    );
    entry.deletion = outcomeOf(deletion, (data) => data.deleteCustomerPersona?.deletedId === id);
    if (entry.deletion !== 'applied') return;
    const { data, errors } = await send(tenant, 'query ($id: UUID!) { persona(id: $id) { id } }', { id });
    if (errors === undefined && data?.persona !== null)
      report.violations.push(`${id} was deleted, and is read`);
  }

  /** One after the other for each persona, so that the order of what is acknowledged is known. */
  async function update(target: Written): Promise<void> {
    if (busy.has(target)) return;
    busy.add(target);
    number += 1;
    const mine = number;
    const answer = await send(
      target.tenant,
      'mutation ($id: UUID!, $name: String!) { updateCustomerPersona(input: { id: $id, name: $name }) { customerPersona { name } } }',
      { id: target.id, name: nameOf(mine) },
    ).finally(() => busy.delete(target));
    const outcome = outcomeOf(answer, (data) => data.updateCustomerPersona !== null);
    if (outcome === 'applied') target.acknowledged = Math.max(target.acknowledged, mine);
    if (outcome === 'not_applied') target.refused.add(mine);
  }

  async function read(target: Written): Promise<void> {
    const least = target.acknowledged;
    const { data, errors } = await send(target.tenant, 'query ($id: UUID!) { persona(id: $id) { name } }', {
      id: target.id,
    });
    if (errors !== undefined || data === undefined) return;
    const seen = numberOf(data.persona?.name ?? null);
    if (!(seen >= least))
      report.violations.push(`${target.id}: ${seen} was read after ${least} was acknowledged`);
    if (target.refused.has(seen)) report.violations.push(`${target.id}: ${seen} was refused, and is read`);
  }

  return {
    async actEachOutcome(faults) {
      const [tenant] = tenants;
      await create(tenant!);
      for (const fault of [{ kind: 'answer', status: 409 }, { kind: 'reset' }] satisfies Fault[]) {
        faults.add({ fault, method: 'POST', times: 1 });
        // oxlint-disable-next-line no-await-in-loop -- each fault meets its own write
        await create(tenant!);
      }
    },
    async act() {
      const kind = random.next();
      if (kind < 0.1) await create(random.pick(tenants));
      else if (kind < 0.3) await update(random.pick(targets));
      else await read(random.pick(targets));
    },
    injectFault(faults) {
      const fault = random.pick<Fault>([
        { kind: 'reset' },
        { kind: 'truncate' },
        { kind: 'hang' },
        { kind: 'delay', delayMs: random.integer(600) },
        { kind: 'answer', status: 500 },
        { kind: 'answer', status: 503 },
        { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
        { kind: 'answer', status: 409, body: '{"detail":"Busy"}' },
        { kind: 'answer', status: 422, body: '{"detail":[{"loc":["body","name"],"msg":"no","type":"x"}]}' },
        { kind: 'answer', status: 200, body: '<html>It works!</html>' },
      ]);
      const isRefusal = fault.kind === 'answer' && fault.status >= 400 && fault.status < 500;
      // What Bluejay refuses it has not done; of all else nobody knows.
      const isApplied = !isRefusal && random.next() < 0.5;
      const method = random.pick<NonNullable<FaultRule['method']>>(['POST', 'PUT', 'DELETE']);
      faults.add({ fault, method, isApplied, times: 1 + random.integer(3) });
      return `${method} ${fault.kind === 'answer' ? fault.status : fault.kind}`;
    },
    verify(sandbox) {
      for (const { tenant, name, outcome, deletion } of created) {
        const copies = sandbox.personasOf(tenant.apiKey).filter((persona) => persona.name === name).length;
        const expected =
          outcome === 'not_applied' || deletion === 'applied'
            ? [0]
            : outcome === 'applied' && deletion !== 'unknown'
              ? [1]
              : [0, 1];
        if (!expected.includes(copies)) {
          report.violations.push(
            `${name} was ${outcome}, its deletion ${deletion}, and is there ${copies} times`,
          );
        }
      }
      for (const { tenant, id, acknowledged, refused } of targets) {
        const persona = sandbox.personasOf(tenant.apiKey).find((each) => each.id === id);
        const seen = numberOf(persona?.name ?? null);
        if (!(seen >= acknowledged) || refused.has(seen)) {
          report.violations.push(`${id} is ${seen}, and ${acknowledged} was acknowledged last`);
        }
      }
    },
  };
}

interface Answer {
  readonly data?: {
    readonly createCustomerPersona?: { readonly customerPersona: { readonly id: string } | null } | null;
    readonly updateCustomerPersona?: object | null;
    readonly deleteCustomerPersona?: { readonly deletedId: string } | null;
    readonly persona?: { readonly id?: string; readonly name?: string | null } | null;
  };
  readonly errors?: readonly {
    readonly extensions: { readonly code: string; readonly outcome?: 'not_applied' | 'unknown' };
  }[];
}
