/** The program's name: in the user agent, in traces and in its command line. */
export const programName = 'bluejay-graphql';

/** The prefix of the metrics' names; those of Node.js and of the process have none. */
export const metricsPrefix = 'bluejay_graphql_';
