import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import type { ProxyOptions } from 'vite';

const { GATEWAY_URL = 'http://127.0.0.1:4000', SANDBOX_URL = 'http://127.0.0.1:4010' } = process.env;

/** The sandbox takes faults from programs alone, so the page of this server asks through it. */
const sandbox: ProxyOptions = {
  target: SANDBOX_URL,
  configure(proxy) {
    proxy.on('proxyReq', (request) => request.removeHeader('origin'));
  },
};

// Page and gateway have one origin, as behind a reverse proxy in production: no CORS and no preflight.
export default defineConfig({
  plugins: [react()],
  clearScreen: false,
  server: { host: '127.0.0.1', proxy: { '/graphql': GATEWAY_URL, '/_sandbox': sandbox } },
});
