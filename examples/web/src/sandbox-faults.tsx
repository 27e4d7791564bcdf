import { useQueryClient } from '@tanstack/react-query';

const faults = {
  Healthy: undefined,
  Slow: { kind: 'delay', delayMs: 2_500 },
  Down: { kind: 'answer', status: 503 },
};

/** Makes the sandbox slow or broken, and reads everything again. In development only. */
export function SandboxFaults() {
  const client = useQueryClient();
  const set = async (fault: (typeof faults)[keyof typeof faults]) => {
    await fetch('/_sandbox/faults', { method: 'DELETE' });
    if (fault) await fetch('/_sandbox/faults', { method: 'POST', body: JSON.stringify({ fault }) });
    await client.cancelQueries();
    await client.invalidateQueries();
  };
  return (
    <footer>
      <span id="faults-label">The sandbox’s Bluejay</span>
      <div role="group" aria-labelledby="faults-label">
        {Object.entries(faults).map(([name, fault]) => (
          <button key={name} type="button" onClick={() => void set(fault)}>
            {name}
          </button>
        ))}
      </div>
    </footer>
  );
}
