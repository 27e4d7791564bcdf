// The gateway,
export { createGateway } from './gateway.ts';
export type { Extension, Gateway, GatewayEvents, GatewayOptions } from './gateway.ts';
// its extension with fields and services,
export { defineService } from './datasources/service.ts';
export type { Service, ServiceCalls, ServiceOptions } from './datasources/service.ts';
export { bodyOf, defineEndpoint } from './datasources/upstream/endpoint.ts';
export type { Endpoint, Invalidation } from './datasources/upstream/endpoint.ts';
export type { Decoded } from './datasources/upstream/json.ts';
export type { ErrorDialect } from './datasources/upstream/error-dialect.ts';
export { declareReads, declareWrite } from './schema/index.ts';
export type { Builder, Reads, SchemaOptions } from './schema/index.ts';
export type { OperationEnd, OperationOutcome, RequestEnd, ServerEvents } from './observability/events.ts';
export type { GraphQLPlugin } from './server/graphql/plugins.ts';
export { parseConfig } from './config/index.ts';
export type { PartialConfig } from './config/complete.ts';
export type {
  AuthConfig,
  Config,
  ConfigResult,
  HttpConfig,
  LogConfig,
  LogLevel,
  MetricsConfig,
  OperationLimits,
  ProtectionConfig,
  TracingConfig,
  TrustedDocumentsConfig,
  UpstreamConfig,
} from './config/index.ts';
export { ConfigurationError } from './shared/configuration-error.ts';
export { createLogger } from './observability/logger.ts';
export type { Logger } from './observability/logger.ts';
export type { MetricsSnapshot } from './observability/metrics/aggregate.ts';

// and the schema and the data sources alone, for a server of your own.
export { createSchema, printApiSchema, printSchema } from './schema/index.ts';
export type { Context, SchemaNames } from './schema/index.ts';
export { createDataSourcesFactory } from './datasources/index.ts';
export type {
  CustomerPersona,
  CustomerPersonas,
  DataSources,
  DataSourcesEvents,
  DataSourcesFactory,
  DataSourcesOptions,
  NewCustomerPersona,
  PersonaChanges,
} from './datasources/index.ts';
export { createBluejay } from './datasources/bluejay/index.ts';
export type {
  Bluejay,
  BluejayEvents,
  BluejayOptions,
  CustomerPersonasClient,
} from './datasources/bluejay/index.ts';
export type { Peers } from './datasources/upstream/cache/fences.ts';
export type { WriteEnd } from './datasources/upstream/write.ts';
export type { CacheConfig, UpstreamLoad } from './datasources/upstream/index.ts';
export type { Cancellation } from './shared/cancellation.ts';
export type { Attempt, AttemptResult, CacheResult, CallObserver } from './datasources/upstream/attempt.ts';
export type { Caller, Reading } from './datasources/upstream/call.ts';
export { UpstreamError, DeadlineExceeded } from './datasources/upstream/errors.ts';
export type {
  Failure,
  FailureKind,
  FieldError,
  InvalidResponseReason,
  UpstreamCall,
  WriteOutcome,
} from './datasources/upstream/errors.ts';
export type { Proxy } from './datasources/upstream/transport/route.ts';
export type { BreakerState } from './datasources/upstream/resilience/breaker.ts';
export { formatErrors } from './server/graphql/errors.ts';
export type { ErrorContext } from './server/graphql/errors.ts';
export type { ErrorCode } from './shared/error-codes.ts';
