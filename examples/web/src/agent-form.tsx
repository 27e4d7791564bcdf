import { useQuery } from '@tanstack/react-query';
import { listOptions } from './queries.ts';
import { navigate } from './route.ts';

/** Chooses the agent; what Bluejay has against its id is said at the field. */
export function AgentForm({ agentId }: { agentId: string }) {
  const { error } = useQuery(listOptions(agentId));
  const refused = error?.extensions.fieldErrors?.find(({ path }) => path[0] === 'agentId');
  return (
    <form
      className="agent"
      onSubmit={(event) => {
        event.preventDefault();
        const value = new FormData(event.currentTarget).get('agentId');
        if (typeof value === 'string') navigate({ agentId: value.trim(), view: { kind: 'list' } });
      }}
    >
      <label htmlFor="agent-id">Agent</label>
      <input
        id="agent-id"
        name="agentId"
        defaultValue={agentId}
        inputMode="numeric"
        autoComplete="off"
        aria-invalid={refused !== undefined}
        aria-describedby="agent-id-error"
      />
      <button type="submit">Show</button>
      <p id="agent-id-error" className="field-error" role="alert">
        {refused?.message}
      </p>
    </form>
  );
}
