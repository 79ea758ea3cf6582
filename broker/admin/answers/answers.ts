import type { JsonSchema } from '../json-schema.ts';
import { about, flag, object, ref, text } from '../json-schema.ts';
import { ACCESS_ANSWERS } from './access.ts';
import { ACCOUNT_ANSWERS } from './accounts.ts';
import { COVERAGE_ANSWERS } from './coverage.ts';
import { KEY_ANSWERS } from './keys.ts';
import { RECORD_ANSWERS } from './records.ts';
import { VIEW_ANSWERS } from './views.ts';
import { WATCHING_ANSWERS } from './watching.ts';

const PROBLEM = about('Why a request was refused, or could not be served: RFC 9457.', {
  ...object({
    type: about('`urn:cmk:error:` and the code.', text),
    title: about('What kind of problem it is, and what to do next.', text),
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: about('What went wrong this time, with expected and actual.', text),
    code: ref('ErrorCode'),
    retryable: about('Whether the same request may succeed later with nobody mending anything.', flag),
  }),
  // What belongs to a code: the field, the steps of a verification, the lifecycle.
  additionalProperties: true,
});

/** Everything that the API answers, by the name that it has in the OpenAPI document. */
export const ANSWERS: Readonly<Record<string, JsonSchema>> = {
  ...ACCOUNT_ANSWERS,
  ...KEY_ANSWERS,
  ...COVERAGE_ANSWERS,
  ...RECORD_ANSWERS,
  ...VIEW_ANSWERS,
  ...ACCESS_ANSWERS,
  ...WATCHING_ANSWERS,
  Problem: PROBLEM,
};
