// Draws docs/web.png, the page as it should look and during an outage: `node_modules/.bin/node test/web/screenshot.ts`.
import { launchChromium } from '../support/chromium.ts';
import { exampleId } from '../support/gateway.ts';
import { startWeb } from './start-web.ts';

const viewport = { width: 760, height: 590 };
const web = await startWeb();
const browser = await launchChromium();

async function draw(colorScheme: 'light' | 'dark', ready: string): Promise<string> {
  const page = await browser.newPage({ viewport, colorScheme, locale: 'en-GB', timezoneId: 'UTC' });
  await page.goto(`${web.url}#/agents/7/personas/${exampleId}`);
  await page.getByRole('navigation').getByRole('link', { name: 'Anxious' }).waitFor();
  await page.getByRole('article').getByText(ready).first().waitFor();
  const image = await page.screenshot({ animations: 'disabled' });
  return `data:image/png;base64,${image.toString('base64')}`;
}

try {
  const images = [await draw('light', 'Created')];
  await web.addFault({ fault: { kind: 'answer', status: 503 }, personaId: exampleId });
  images.push(await draw('dark', 'Next attempt in 2 s'));
  const both = await browser.newPage({ viewport: { ...viewport, width: 2 * viewport.width } });
  await both.setContent(
    `<body style="margin: 0; display: flex">${images.map((src) => `<img src="${src}">`).join('')}</body>`,
  );
  await both.screenshot({ path: 'docs/web.png' });
} finally {
  await browser.close();
  await web.stop();
}
