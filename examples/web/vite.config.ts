import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const { GATEWAY_URL = 'http://127.0.0.1:4000', SANDBOX_URL = 'http://127.0.0.1:4010' } = process.env;

// Page and gateway have one origin, as behind a reverse proxy in production: no CORS and no preflight.
export default defineConfig({
  plugins: [react()],
  clearScreen: false,
  server: { host: '127.0.0.1', proxy: { '/graphql': GATEWAY_URL, '/_sandbox': SANDBOX_URL } },
});
