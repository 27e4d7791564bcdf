// Two gateways in one process: without metrics on 127.0.0.1, with metrics on 127.0.0.2, on the same port.
import { parseConfig } from '../src/config.ts';
import { createGateway } from '../src/gateway.ts';

for (const own of [{ HOST: '127.0.0.2', METRICS_PORT: '0' }, { HOST: '127.0.0.1' }]) {
  const result = parseConfig({ ...process.env, ...own });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  const gateway = await createGateway(result.config);
  await gateway.listen();
}
