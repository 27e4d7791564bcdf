// One persona from the upstream, by undici's `request`.
import { GraphQLError } from 'graphql';
import { Pool } from 'undici';

export function createReader() {
  const pool = new Pool(process.env.UPSTREAM, { connections: 64 });
  return async (id) => {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: `/v1/customer-persona/${encodeURIComponent(id)}`,
      headers: { accept: 'application/json', 'x-api-key': 'bench-key' },
    });
    const json = await body.json();
    if (statusCode === 422) {
      throw new GraphQLError(json.detail[0].msg, { extensions: { code: 'BAD_USER_INPUT' } });
    }
    if (statusCode !== 200) throw new Error(`The upstream answered ${statusCode}.`);
    return {
      id: json.id,
      createdAt: json.created_at.replace('+00:00', 'Z'),
      name: json.name,
      description: json.description,
      goal: json.goal,
      orgId: json.org_id,
    };
  };
}
