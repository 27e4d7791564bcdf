import { expect, test } from 'vitest';
import { configOf, problemsOf } from './support/config.ts';
import { startMain } from './support/main.ts';

const key = 'a-proper-key';

test('nothing configured: development on the sandbox, with GraphiQL', () => {
  expect(configOf({ PATH: '/bin', UNRELATED: 'x' })).toEqual({
    environment: 'development',
    host: '127.0.0.1',
    port: 4000,
    drainDelayMs: 0,
    workers: 1,
    writes: false,
    graphiql: true,
    introspection: true,
    limits: {
      tokens: 1_000,
      depth: 20,
      fields: 500,
      rootFields: 50,
      duplicates: 100,
      aliases: 50,
      directives: 50,
      fragments: 100,
    },
    trustedDocuments: undefined,
    requestTimeoutMs: 10_000,
    maxRepresentations: 1_000,
    maxResponseBytes: 16_777_216,
    routerSecrets: [],
    schemaNames: { agentType: 'Agent', prefix: '' },
    http: { maxConnections: 10_000, receiveTimeoutMs: 30_000, keepAliveTimeoutMs: 65_000 },
    protection: {
      allowedHosts: [],
      corsOrigins: [],
      corsHeaders: [],
      corsLoopback: true,
      trustedProxies: 0,
      rateLimit: undefined,
      maxQueueDelayMs: 250,
      memoryBudgetBytes: expect.any(Number),
    },
    cache: {
      ttlMs: 0,
      notFoundTtlMs: 0,
      staleMs: 0,
      maxEntries: 10_000,
      maxBytes: 33_554_432,
      url: undefined,
    },
    upstream: { kind: 'sandbox', timeoutMs: 3000 },
    log: { level: 'info', format: 'pretty', sampleSuccesses: 1 },
    metrics: undefined,
    tracing: undefined,
    serverTiming: false,
    inlineTrace: true,
  });
});

test('origins are exact or have a wildcard as their first label, several with commas between', () => {
  const environment = {
    CORS_ORIGINS: 'https://app.example.com, http://localhost:3000, https://*.example.com:8443',
  };
  expect(configOf(environment).protection.corsOrigins).toEqual([
    'https://app.example.com',
    'http://localhost:3000',
    'https://*.example.com:8443',
  ]);
});

test.each([
  '*',
  'null',
  'app.example.com',
  'https://*',
  'https://*.com',
  'https://*.com:8443',
  'https://*-app.example.com',
  'https://app-*.example.com',
  'https://app.*.example.com',
  'https://*.*.example.com',
  'https://**.example.com',
  'https://*.example.com:*',
  '*://app.example.com',
  'http*://app.example.com',
  'https://*.example.com/',
  'https://*.Example.com',
  'https://*.example.com.',
  'https://*.0.0.1',
  'https://user@*.example.com',
  'https://app.example.com/',
  'https://app.example.com/path',
  'https://App.example.com',
  'https://app.example.com:443',
  'https://user@app.example.com',
  'ftp://app.example.com',
  'https://app.example.com,',
])('the origin %s is none', (origins) => {
  expect(problemsOf({ CORS_ORIGINS: origins })).toEqual([
    'CORS_ORIGINS: expected origins with commas between, such as https://app.example.com or https://*.preview.example.com; no other wildcard, no path, no slash at the end',
  ]);
});

test('headers of pages are names, in any case', () => {
  expect(configOf({ CORS_HEADERS: 'X-Tenant, x-b3-traceid' }).protection.corsHeaders).toEqual([
    'x-tenant',
    'x-b3-traceid',
  ]);
  for (const wrong of ['*', 'x-*', 'x tenant', 'x-tenant:', 'x-tenant,', 'x-ténant', 'a\r\nb']) {
    expect(problemsOf({ CORS_HEADERS: wrong })).toEqual([
      'CORS_HEADERS: expected names of headers with commas between, such as x-tenant; no wildcard',
    ]);
  }
});

test('a rate limit is points and the seconds of their window', () => {
  expect(configOf({ RATE_LIMIT: '600/60' }).protection.rateLimit).toEqual({ points: 600, windowSeconds: 60 });
  for (const wrong of ['600', '600/', '0/60', '600/0', '600/60s', '-1/60', '6e2/60', '600/123456']) {
    expect(problemsOf({ RATE_LIMIT: wrong })).toEqual([
      'RATE_LIMIT: expected points and the seconds of their window, such as 600/60',
    ]);
  }
});

test('an empty variable counts as unset', () => {
  expect(configOf({ PORT: '', BLUEJAY_API_KEY: '' })).toEqual(configOf({}));
});

test('production never runs on the sandbox: without a key every caller brings its own', () => {
  expect(configOf({ NODE_ENV: 'production' })).toMatchObject({
    graphiql: false,
    drainDelayMs: 5_000,
    introspection: false,
    upstream: { kind: 'bluejay', baseUrl: 'https://api.getbluejay.ai', auth: { mode: 'forward' } },
  });
});

test.each([
  [{ BLUEJAY_API_KEY: key }, { mode: 'service', apiKey: key }],
  [
    { BLUEJAY_API_KEY: key, BLUEJAY_AUTH: 'service' },
    { mode: 'service', apiKey: key },
  ],
  [{ BLUEJAY_API_KEY: key, BLUEJAY_AUTH: 'forward' }, { mode: 'forward' }],
  [{ BLUEJAY_AUTH: 'forward' }, { mode: 'forward' }],
  [{ BLUEJAY_BASE_URL: 'https://bluejay.example' }, { mode: 'forward' }],
])('%j means %j', (environment, auth) => {
  expect(configOf(environment as Record<string, string>).upstream).toMatchObject({ kind: 'bluejay', auth });
});

test.each([
  ['https://bluejay.example', 'https://bluejay.example'],
  ['https://bluejay.example/', 'https://bluejay.example'],
  ['HTTPS://Bluejay.Example:8443/v/eu//', 'https://bluejay.example:8443/v/eu'],
  ['http://localhost:4010', 'http://localhost:4010'],
  ['http://127.0.0.1:4010', 'http://127.0.0.1:4010'],
  ['http://[::1]:4010', 'http://[::1]:4010'],
])('the base URL %s is read as %s', (value, baseUrl) => {
  expect(configOf({ BLUEJAY_BASE_URL: value }).upstream).toMatchObject({ baseUrl });
});

test.each([
  'bluejay.example',
  'ftp://bluejay.example',
  'https://user:pass@bluejay.example',
  'https://bluejay.example?key=1',
  'https://bluejay.example#x',
  'https://',
])('the base URL %s is refused', (value) => {
  const [problem] = problemsOf({ BLUEJAY_BASE_URL: value });
  expect(problem).toMatch(/^BLUEJAY_BASE_URL: expected an http\(s\) URL/);
});

test('http beyond loopback needs a permission', () => {
  for (const host of ['bluejay.example', '10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
    const environment = { BLUEJAY_BASE_URL: `http://${host}` };
    expect(problemsOf(environment)).toEqual([expect.stringContaining('BLUEJAY_BASE_URL: expected https')]);
    expect(configOf({ ...environment, BLUEJAY_ALLOW_HTTP: 'true' }).upstream).toMatchObject({
      baseUrl: `http://${host}`,
    });
  }
});

const proxyOf = (baseUrl: string, environment: Record<string, string>) => {
  const { upstream } = configOf({ BLUEJAY_BASE_URL: baseUrl, BLUEJAY_ALLOW_HTTP: 'true', ...environment });
  return upstream.kind === 'bluejay' ? upstream.proxy?.origin : 'sandbox';
};

test('https takes HTTPS_PROXY and http HTTP_PROXY, by lower case first', () => {
  const environment = { HTTPS_PROXY: 'http://secure:3128', HTTP_PROXY: 'http://plain:3128' };
  expect(proxyOf('https://bluejay.example', environment)).toBe('http://secure:3128');
  expect(proxyOf('http://bluejay.example', environment)).toBe('http://plain:3128');
  expect(proxyOf('https://bluejay.example', { HTTP_PROXY: 'http://plain:3128' })).toBeUndefined();
  expect(proxyOf('http://bluejay.example', { HTTPS_PROXY: 'http://secure:3128' })).toBeUndefined();
  const lower = { ...environment, https_proxy: 'http://lower:3128', http_proxy: '' };
  expect(proxyOf('https://bluejay.example', lower)).toBe('http://lower:3128');
  expect(proxyOf('http://bluejay.example', lower)).toBe('http://plain:3128');
});

test.each([
  ['http://proxy.example', 'http://proxy.example', undefined],
  ['http://proxy.example:3128/', 'http://proxy.example:3128', undefined],
  ['HTTPS://Proxy.Example:3129', 'https://proxy.example:3129', undefined],
  ['http://[::1]:3128', 'http://[::1]:3128', undefined],
  ['proxy.example:3128', 'http://proxy.example:3128', undefined],
  ['user:pass@proxy.example:3128', 'http://proxy.example:3128', 'user:pass'],
  ['http://user@proxy.example', 'http://proxy.example', 'user:'],
  ['http://m%C3%BCller:p%40ss%3A@proxy.example', 'http://proxy.example', 'müller:p@ss:'],
])('the proxy %s is read as %s', (value, origin, credentials) => {
  expect(configOf({ BLUEJAY_API_KEY: key, HTTPS_PROXY: value }).upstream).toMatchObject({
    proxy: {
      origin,
      authorization: credentials && `Basic ${Buffer.from(credentials).toString('base64')}`,
    },
  });
});

test.each([
  'canary',
  'canary.example',
  'http://',
  'http://canary example',
  'http://canary.example:99999',
  'http://canary:pass%zz@proxy.example',
  'http://proxy.example/canary',
  'http://proxy.example?canary',
  'socks5://canary:1080',
  'ftp://canary.example',
])('the proxy %s is a problem in one line, without the value', (value) => {
  const expected = 'expected the http(s) URL of a proxy, such as http://proxy.example:3128';
  expect(problemsOf({ HTTPS_PROXY: value })).toEqual([`HTTPS_PROXY: ${expected}`]);
  expect(problemsOf({ http_proxy: value, HTTP_PROXY: 'http://proxy.example' })).toEqual([
    `http_proxy: ${expected}`,
  ]);
});

test.each([
  ['https://api.bluejay.example', 'bluejay.example'],
  ['https://bluejay.example', 'other.example,BLUEJAY.example'],
  ['https://bluejay.example', 'bluejay.example.'],
  ['https://bluejay.example.', 'bluejay.example'],
  ['https://api.bluejay.example', '.bluejay.example'],
  ['https://api.bluejay.example', '*.bluejay.example'],
  ['https://bluejay.example', 'bluejay.example:443'],
  ['https://bluejay.example:8443', 'x bluejay.example:8443'],
  ['https://bluejay.example', 'x, *'],
  ['https://bluejay.example', '*:443'],
  ['https://10.1.2.3', '10.1.2.3'],
  ['https://10.1.2.3', '10.0.0.0/8'],
  ['https://[::1]:8443', '::1'],
  ['https://[::1]:8443', '[0:0:0:0:0:0:0:1]:8443'],
  ['https://[fd00::7]', 'fd00::/8'],
  ['https://localhost', 'localhost'],
])('%s is exempt with NO_PROXY=%s', (baseUrl, list) => {
  expect(proxyOf(baseUrl, { HTTPS_PROXY: 'http://proxy.example', NO_PROXY: list })).toBeUndefined();
  expect(proxyOf(baseUrl, { HTTPS_PROXY: 'http://proxy.example', no_proxy: list })).toBeUndefined();
});

test.each([
  ['https://bluejay.example', 'jay.example'],
  ['https://bluejay.example', '*.bluejay.example'],
  ['https://bluejay.example', 'api.bluejay.example'],
  ['https://bluejay.example', 'bluejay.example:80'],
  ['https://bluejay.example', '*:80'],
  ['https://bluejay.example', ', . ,, *. , / ,:443, 0.0.0.0/0'],
  ['https://10.1.2.3', '1.2.3, .2.3, 10.1.2.30, 10.1.2.0/32, 10.0.0.0/, 10.0.0.0/x, 10.0.0.0/99, ::/0'],
  ['https://[::1]', '::2, [::1]:80, 0.0.0.0/0'],
])('%s is not exempt with NO_PROXY=%s', (baseUrl, list) => {
  expect(proxyOf(baseUrl, { HTTPS_PROXY: 'http://proxy.example', NO_PROXY: list })).toBe(
    'http://proxy.example',
  );
});

test('every problem is reported at once, by variable, without the value', () => {
  const canary = 'canary,value';
  const problems = problemsOf({
    PORT: '70000',
    HOST: '127.0.0.1',
    NODE_ENV: canary,
    LOG_LEVEL: canary,
    BLUEJAY_BASE_URL: canary,
    BLUEJAY_API_KEY: canary,
    BLUEJAY_AUTH: canary,
    BLUEJAY_TIMEOUT_MS: '1.5',
    GRAPHIQL: 'yes',
    LOG_FORMAT: canary,
    LOG_SAMPLE_SUCCESSES: '1.1',
    METRICS_PORT: 'tcp://10.0.0.1:9464',
    SERVER_TIMING: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: `https://user:${canary}@collector.example`,
    OTEL_TRACES_SAMPLER: canary,
    OTEL_TRACES_SAMPLER_ARG: '-0.1',
    CACHE_URL: `http://${canary}`,
  });
  expect(problems).toEqual([
    'PORT: expected a whole number from 0 to 65535',
    'NODE_ENV: expected one of development, production, test',
    'BLUEJAY_BASE_URL: expected an http(s) URL without credentials, query or fragment, such as https://api.getbluejay.ai',
    'BLUEJAY_API_KEY: expected 8 to 256 visible ASCII characters without a comma',
    'BLUEJAY_AUTH: expected one of service, forward',
    'BLUEJAY_TIMEOUT_MS: expected a whole number from 1 to 60000',
    'CACHE_URL: expected a redis:// or rediss:// URL',
    'GRAPHIQL: expected one of true, false',
    'LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent',
    'LOG_FORMAT: expected one of json, pretty',
    'LOG_SAMPLE_SUCCESSES: expected a number from 0 to 1',
    'METRICS_PORT: expected a whole number from 0 to 65535',
    'SERVER_TIMING: expected one of true, false',
    'OTEL_EXPORTER_OTLP_ENDPOINT: expected an http(s) URL without credentials, query or fragment, such as http://127.0.0.1:4318',
    'OTEL_TRACES_SAMPLER: expected one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio',
    'OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1',
  ]);
});

test.each([
  'redis://cache',
  'rediss://cache.example:6380/15',
  'redis://:p%2Fa%25ss@127.0.0.1:6379/0',
  'redis://user:password@redis_1/',
  'redis://[::1]:6379',
])('the cache URL %s is taken', (url) => {
  expect(configOf({ CACHE_URL: url }).cache.url).toBe(url);
});

test.each([
  ['a slash in the password', 'redis://:canary/x@cache:6379'],
  ['a slash in a password of digits', 'redis://user:12/canary@cache:6379'],
  ['a question mark in the password', 'redis://user:12?canary@cache:6379'],
  ['a hash in the password', 'redis://user:12#canary@cache:6379'],
  ['a percent sign in the password', 'redis://:%zzcanary@cache'],
  ['bytes that are no UTF-8', 'redis://:canary%ff@cache'],
  ['a percent sign in the user', 'redis://canary%:x@cache'],
  ['a name as the database', 'redis://cache/canary'],
  ['a database below 0', 'redis://cache/-1'],
  ['two databases', 'redis://cache/1/2'],
  ['a port that is none', 'redis://cache:canary'],
  ['a port too high', 'redis://cache:65536'],
  ['port 0', 'redis://cache:0'],
  ['no host', 'redis://:canary@'],
  ['a host that is none', 'redis://can%20ary'],
  ['half an IPv6 address', 'redis://[::1'],
  ['an IPv6 address without brackets', 'redis://::1:6379'],
])('a cache URL with %s is refused, and not repeated', (_what, url) => {
  expect(problemsOf({ CACHE_URL: url })).toEqual([
    'CACHE_URL: expected redis://user:password@host:port/database, with the special characters of user and password percent-encoded (/ is %2F) and a number as the database',
  ]);
});

test.each(['cache:6379', 'http://cache', 'unix:///run/redis.sock', 'redis:cache', 'redis:/cache'])(
  'the cache URL %s is none of Redis',
  (url) => {
    expect(problemsOf({ CACHE_URL: url })).toEqual(['CACHE_URL: expected a redis:// or rediss:// URL']);
  },
);

test('a cache URL that is refused ends the program with one line and no stack', async () => {
  const main = await startMain({ CACHE_URL: 'redis://:%zzcanary@cache' });
  expect(await main.exited).toBe(1);
  expect(main.output()).toMatch(/^The configuration is wrong:\n {2}CACHE_URL: expected .*\n$/);
  expect(main.output()).not.toContain('canary');
});

test('service without a key is a problem of the key', () => {
  expect(problemsOf({ BLUEJAY_AUTH: 'service' })).toEqual([
    'BLUEJAY_API_KEY: required when BLUEJAY_AUTH is service',
  ]);
});

test('a request may not end before one attempt of its', () => {
  const problem = 'REQUEST_TIMEOUT_MS: expected at least BLUEJAY_TIMEOUT_MS (it is 2999)';
  expect(problemsOf({ REQUEST_TIMEOUT_MS: '2999' })).toEqual([problem]);
  expect(problemsOf({ REQUEST_TIMEOUT_MS: '3000' })).toEqual([]);
});

test('several workers limit rates only where they count together', () => {
  const problem =
    'CACHE_URL: required when RATE_LIMIT is set and WORKERS is more than 1, for each would count alone';
  expect(problemsOf({ WORKERS: '2', RATE_LIMIT: '600/60' })).toEqual([problem]);
  expect(problemsOf({ WORKERS: '2', RATE_LIMIT: '600/60', CACHE_URL: 'redis://cache' })).toEqual([]);
  expect(problemsOf({ WORKERS: '2' })).toEqual([]);
  expect(problemsOf({ WORKERS: '1', RATE_LIMIT: '600/60' })).toEqual([]);
});

test.each(['0', '65', 'auto'])('%s workers are refused', (workers) => {
  expect(problemsOf({ WORKERS: workers })).toEqual(['WORKERS: expected a whole number from 1 to 64']);
});

test('a problem of one variable does not hide one between two', () => {
  expect(problemsOf({ PORT: 'x', BLUEJAY_AUTH: 'service' })).toHaveLength(2);
});

test('metrics are on where they have a port, on the gateway’s own address unless they have one', () => {
  expect(configOf({ HOST: '0.0.0.0', METRICS_PORT: '9464' }).metrics).toEqual({
    host: '0.0.0.0',
    port: 9464,
  });
  const own = configOf({ HOST: '0.0.0.0', METRICS_PORT: '9464', METRICS_HOST: '10.0.0.5' });
  expect(own.metrics).toEqual({ host: '10.0.0.5', port: 9464 });
});

test('traces are on where they have an endpoint', () => {
  const endpoint = 'http://collector.example:4318';
  const defaults = {
    endpoint: `${endpoint}/v1/traces`,
    serviceName: 'bluejay-graphql',
    resourceAttributes: {},
    sampler: 'parentbased_always_on',
    samplerRatio: 1,
    propagates: true,
  };
  expect(configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/` }).tracing).toEqual(defaults);
  expect(
    configOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_SDK_DISABLED: 'False',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      OTEL_PROPAGATORS: 'tracecontext, baggage',
    }).tracing,
  ).toEqual(defaults);
  expect(configOf({ OTEL_TRACES_EXPORTER: 'otlp' }).tracing?.endpoint).toBe(
    'http://localhost:4318/v1/traces',
  );
  expect(
    configOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_SERVICE_NAME: 'personas',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }).tracing,
  ).toMatchObject({ serviceName: 'personas', sampler: 'traceidratio', samplerRatio: 0.25 });
  expect(configOf({ OTEL_SERVICE_NAME: 'personas' }).tracing).toBeUndefined();
});

const forOthers = {
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_PROPAGATORS: 'b3',
  OTEL_RESOURCE_ATTRIBUTES: 'progress=100%',
  OTEL_TRACES_SAMPLER: 'jaeger_remote',
  OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://localhost:14250',
};

test.each<Record<string, string>>([
  {},
  { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector.example:4317' },
  { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'unix:///run/collector' },
  { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'zipkin' },
  { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector.example:4317' },
  { OTEL_TRACES_EXPORTER: 'None', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4317' },
])('with %j nothing is traced, and what is meant for other programs is no mistake', (environment) => {
  expect(configOf({ ...forOthers, ...environment }).tracing).toBeUndefined();
});

test('the names of OpenTelemetry’s choices are taken in any case, and an empty service name is none', () => {
  const { tracing } = configOf({
    OTEL_TRACES_EXPORTER: 'OTLP',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'HTTP/Protobuf',
    OTEL_TRACES_SAMPLER: 'Always_Off',
    OTEL_PROPAGATORS: 'TraceContext',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=',
  });
  expect(tracing).toMatchObject({
    endpoint: 'http://localhost:4318/v1/traces',
    serviceName: 'bluejay-graphql',
    sampler: 'always_off',
    propagates: true,
  });
});

test('what traces cannot do is refused', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector.example:4317' };
  const protocol = 'expected http/protobuf, the only protocol that is supported';
  expect(
    problemsOf({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_PROPAGATORS: 'tracecontext,b3' }),
  ).toEqual([
    `OTEL_EXPORTER_OTLP_PROTOCOL: ${protocol}`,
    'OTEL_PROPAGATORS: expected a list of tracecontext, baggage, none',
  ]);
  expect(problemsOf({ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' })).toEqual([
    `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ${protocol}`,
  ]);
  expect(problemsOf({ OTEL_TRACES_EXPORTER: 'zipkin' })).toEqual([
    'OTEL_TRACES_EXPORTER: expected one of otlp, none',
  ]);
});

test('resource attributes are pairs, percent-encoded, and one that is none is a mistake', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example:4318' };
  const attributesOf = (text: string) =>
    configOf({ ...endpoint, OTEL_RESOURCE_ATTRIBUTES: text }).tracing?.resourceAttributes;
  expect(attributesOf(' team = a%2Cb , empty=,equation=a=b,')).toEqual({
    team: 'a,b',
    empty: '',
    equation: 'a=b',
  });
  for (const text of ['team', '=a', 'team=%zz', 'a=b,c']) {
    expect(problemsOf({ ...endpoint, OTEL_RESOURCE_ATTRIBUTES: text })).toEqual([
      expect.stringContaining('OTEL_RESOURCE_ATTRIBUTES: expected pairs such as key=value'),
    ]);
  }
});

test('logs are for people in development and for machines elsewhere, unless it is said otherwise', () => {
  expect(configOf({}).log.format).toBe('pretty');
  expect(configOf({ NODE_ENV: 'test' }).log.format).toBe('json');
  expect(configOf({ NODE_ENV: 'production' }).log.format).toBe('json');
  expect(configOf({ LOG_FORMAT: 'json', LOG_SAMPLE_SUCCESSES: '0.01' }).log).toEqual({
    level: 'info',
    format: 'json',
    sampleSuccesses: 0.01,
  });
});
