// Draws docs/graphiql.png: GraphiQL with the README's query, its id in a variable, and the sandbox's answer.
import { createGateway } from '../src/gateway.ts';
import { launchChromium } from '../test/support/chromium.ts';

const query = `query Persona($id: UUID!) {
  persona(id: $id) {
    id
    createdAt
    name
    goal
  }
}`;
const variables = JSON.stringify({ id: '3c90c3cc-0d44-4b50-8888-8dd25736052a' }, null, 2);

const gateway = await createGateway({ port: 0, log: { level: 'silent' } });
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 560 }, colorScheme: 'light' });
  await page.addInitScript(
    ([text, values]) => {
      // Without any tab GraphiQL opens one for these texts; without this state the page stores its own examples.
      localStorage.setItem('graphiql:tabState', '{"activeTabIndex":0,"tabs":[]}');
      localStorage.setItem('graphiql:query', text);
      localStorage.setItem('graphiql:variables', values);
    },
    [query, variables] as const,
  );
  await page.goto(`${await gateway.listen()}/graphql`);
  await page.getByRole('button', { name: /^Execute query/i }).click();
  await page.locator('.graphiql-response').getByText('createdAt').waitFor();
  await page.screenshot({ path: 'docs/graphiql.png', animations: 'disabled' });
} finally {
  await browser.close();
  await gateway.close();
}
