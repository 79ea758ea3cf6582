import { testPostgresStore } from '../contracts/store-postgres.ts';

// As CockroachDB does unasked: conflicts come as errors that must be retried.
testPostgresStore('PostgreSQL, serializable', 'serializable');
